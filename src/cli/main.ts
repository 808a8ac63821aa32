#!/usr/bin/env node
import { statSync } from 'node:fs';
import { CommanderError } from 'commander';
import { DomainError } from '../base/domain-error.js';
import { storageError } from '../base/files/storage-error.js';
import { buildProgram } from './program.js';
import { EXIT, UsageError } from './terminal/exit-codes.js';
import { interrupted, takeInterruptions } from './terminal/interruption.js';

// The command line: `reconstruction-regressor <command>`.

// Every user of the machine sees the arguments of its processes, but not their environment.
if (process.argv.some((argument) => /^--key(=|$)/.test(argument))) process.title = 'reconstruction-regressor';

const release = takeInterruptions();
process.exitCode = await run();
// A command ends with its result, whatever its parts still wait for. The service runs on. Output that cannot be written ends it before, as a
// failure: that event follows the callback.
if (process.exitCode !== undefined) process.stdout.write('', () => setImmediate(() => process.exit()));

/** Runs a command. Returns its exit code; undefined if it goes on running. */
async function run(): Promise<number | undefined> {
  const program = buildProgram(release);
  try {
    readSettings();
    await program.parseAsync();
    return program.getOptionValue('running') ? undefined : Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    // Commander has printed its own already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    // What ends the process is on its way.
    if (interrupted()) return new Promise(() => {});
    return report(error);
  }
}

/**
 * Adds the variables of a file `.env` in the current directory, except for those that the environment has. A directory of that name is a
 * virtual environment of Python.
 */
function readSettings(): void {
  try {
    if (statSync('.env', { throwIfNoEntry: false })?.isDirectory() === false) process.loadEnvFile();
  } catch (error) {
    throw new UsageError(`.env cannot be read: ${(error as Error).message}`);
  }
}

function report(error: unknown): number {
  const known = error instanceof DomainError || error instanceof UsageError ? error : storageError(error);
  if (!known) {
    process.stderr.write(`this is a defect of the program: ${(error as Error)?.stack ?? error}\n`);
    return EXIT.failure;
  }
  const code = known instanceof DomainError ? known.code : 'USAGE';
  const isJson = process.argv.includes('--json');
  process.stderr.write(isJson ? `${JSON.stringify({ error: known.message, code })}\n` : `error: ${known.message}\n`);
  return known instanceof UsageError ? EXIT.usage : EXIT.failure;
}
