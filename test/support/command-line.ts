import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../src/base/statistics/random.js';
import { copyStoredVersion } from './stored-version.js';
import { temporaryDirectory } from './temporary-directory.js';

export const COMMAND_LINE = fileURLToPath(new URL('../../app/cli.js', import.meta.url));
export const CARS = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
/** The columns of the stored version. */
export const CAR_HEADER = 'cylinders,displacement,horsepower,weight,acceleration,model_year,origin';

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs the command under another one. */
  readonly under?: readonly string[];
}

/** Starts a command. It is killed at the end of the test. */
export function startCommand(
  t: TestContext,
  args: readonly string[],
  { cwd, env, under = [] }: CommandOptions = {},
): RunningCommand {
  const [program, ...rest] = [...under, process.execPath, COMMAND_LINE, ...args];
  const child = spawn(program!, rest, { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' });
  t.after(() => child.kill('SIGKILL'));
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  // The command may end before it has read all.
  child.stdin!.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, ended };
}

/** Runs a command to its end, with `input` as its standard input. */
export async function runCommand(
  t: TestContext,
  args: readonly string[],
  { input = '', ...options }: CommandOptions & { input?: string | Uint8Array } = {},
) {
  const command = startCommand(t, args, options);
  command.child.stdin!.end(input);
  const code = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** Returns a directory with a store in `models`, as the settings name it by default. Version 1, of cars, is in production. */
export function storeDirectory(t: TestContext): string {
  const directory = temporaryDirectory(t);
  copyStoredVersion(join(directory, 'models', 'reconstruction_regressor'));
  return directory;
}

/** Returns real cars in random order, as CSV without a header and without their target. `change` changes the weight. */
export function carRows(count: number, change = (weight: number) => weight): string {
  const random = createRandom(7);
  const [, ...lines] = readFileSync(CARS, 'utf8').trimEnd().split('\n');
  const cars = lines
    .map((line) => line.split(',').slice(0, 7))
    .filter((cells) => cells.every((cell) => cell.trim() !== ''));
  return Array.from({ length: count }, () => {
    const cells = cars[random.below(cars.length)]!;
    return `${cells.with(3, String(change(Number(cells[3])))).join(',')}\n`;
  }).join('');
}

/** Writes a CSV of cars. Returns its path. */
export function carFile(directory: string, name: string, rows: string): string {
  const path = join(directory, name);
  writeFileSync(path, `${CAR_HEADER}\n${rows}`);
  return path;
}
