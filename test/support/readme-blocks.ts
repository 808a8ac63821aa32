import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Block, blocksOf, ROOT, read } from '../docs/markdown.js';
import { freePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';
import { until } from './until.js';

/** Programs that run a block, by its language. */
export const INTERPRETERS: Readonly<Record<string, string>> = { sh: 'bash', js: 'node', python: 'python3' };
/** A block that starts the service, and does not end. */
const SERVES = /^(npx reconstruction-regressor serve|npm start|docker run .*)$/m;

export const README = read('README.md');
export const BLOCKS = blocksOf(README);

export const serves = ({ code }: Block) => SERVES.test(code);
export const isDocker = ({ code }: Block) => /^docker /m.test(code);

/** A directory of a person who has installed the package, with a port of its own in place of 8080. */
export interface Installation {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly url: string;
  /** Returns a block with the port of this installation. */
  readonly local: (code: string) => string;
}

/** npx finds the command in it, programs the package, pip the client, and commands the file of the cars. */
export async function makeInstallation(t: TestContext): Promise<Installation> {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'node_modules/.bin'), { recursive: true });
  symlinkSync(ROOT, join(directory, 'node_modules/reconstruction-regressor'));
  symlinkSync(join(ROOT, 'dist/app/cli.js'), join(directory, 'node_modules/.bin/reconstruction-regressor'));
  // What programs import beside it.
  for (const name of ['fastify', '@tensorflow']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
  }
  for (const name of ['data', 'clients']) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  }
  const port = await freePort();
  const { PATH, HOME, DOCKER_HOST } = process.env;
  const env = {
    // Without a virtual environment there is no such directory.
    PATH: `${join(directory, 'venv/bin')}:${PATH}`,
    HOME,
    ...(DOCKER_HOST !== undefined && { DOCKER_HOST }),
    PORT: String(port),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  const local = (code: string) =>
    code.replaceAll('localhost:8080', `localhost:${port}`).replaceAll(':8080:', `:${port}:`);
  return { directory, env, url: `http://localhost:${port}`, local };
}

/** Makes a virtual environment of Python in an installation. Returns why there is none if pip cannot install packages. */
export function makeVenv({ directory, env }: Installation): string | false {
  const venv = spawnSync('python3', ['-m', 'venv', 'venv'], { cwd: directory, env });
  if (venv.status !== 0) return 'SKIPPED: python3 cannot make a virtual environment';
  const pip = spawnSync('pip', ['install', '--quiet', '--dry-run', 'pandas'], { cwd: directory, env });
  return pip.status === 0 ? false : 'SKIPPED: pip reaches no package index';
}

/** Starts a block that serves, and waits until it is ready. */
export async function serve(t: TestContext, { directory, env, url, local }: Installation, block: Block): Promise<void> {
  const cwd = isDocker(block) ? ROOT : directory;
  // A process group of its own: bash and npx do not pass signals on.
  const child = spawn('bash', ['-ec', local(block.code)], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => stop(child));
  await until('the service of the README is ready, or has ended', 600, async () => {
    return child.exitCode !== null || (await fetch(`${url}/readyz`)).ok;
  });
  assert.equal(child.exitCode, null, `${block.code} has ended`);
}

function stop({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) spawnSync('kill', ['-TERM', '--', `-${pid}`]);
}

/** Runs a block to its end, and returns what it prints. */
export function run({ directory, env, local }: Installation, { language, code }: Block): string {
  const text = local(code).replaceAll(/^curl /gm, 'curl -sS --fail-with-body ');
  // With a socket as its standard input, bash would read the settings of a remote user, PATH among them.
  const args =
    { sh: ['--norc', '-ec', text], js: ['--input-type=module', '-e', text], python: ['-c', text] }[language] ?? [];
  const options = { cwd: directory, env, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(INTERPRETERS[language]!, args, options);
  assert.equal(status, 0, `${code}\n${stdout}${stderr}`);
  return stdout;
}
