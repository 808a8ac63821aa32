import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { isCode, makeDirectory, namesIn } from './directory.js';

/** `.staging-<host>-<process>-<random>`: whose it is, so that a sweep spares the living. */
const STAGE = /^\.staging-(?<host>.+)-(?<pid>\d+)-[0-9a-f]+$/;

/** Names of the stages that this process has made: in a container all processes have the same number. */
const made = new Set<string>();

/** A stage of another host, whose processes cannot be asked, is dead after this long, in milliseconds. */
const FOREIGN_STAGE_AGE = 24 * 3600 * 1000;

/** Makes an empty directory of this process' own within `location`. */
export async function makeStage(location: string): Promise<string> {
  const name = `.staging-${hostname()}-${process.pid}-${randomBytes(6).toString('hex')}`;
  made.add(name);
  const stage = join(location, name);
  await makeDirectory(stage);
  return stage;
}

/** Removes a stage and all in it, if it is still there. */
export async function discardStage(stage: string): Promise<void> {
  await rm(stage, { recursive: true, force: true });
  made.delete(basename(stage));
}

/** Removes the stages in `location` of processes that died. Returns how many went. */
export async function sweepStages(location: string): Promise<number> {
  let swept = 0;
  for (const name of await namesIn(location)) {
    const stage = join(location, name);
    if (!(await isAbandoned(name, stage))) continue;
    await discardStage(stage);
    swept++;
  }
  return swept;
}

/** Asked at start: a stage with this very process number is a predecessor's, as in a container, where all are 1. */
async function isAbandoned(name: string, stage: string): Promise<boolean> {
  const owner = STAGE.exec(name)?.groups;
  if (!owner || made.has(name)) return false;
  const pid = Number(owner['pid']);
  if (owner['host'] === hostname()) return pid === process.pid || !isRunning(pid);
  try {
    return Date.now() - (await stat(stage)).mtimeMs > FOREIGN_STAGE_AGE;
  } catch (error) {
    // Another replica that starts at the same time was faster.
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}
