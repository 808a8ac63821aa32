import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { ifExists, isCode, makeDirectory, namesIn } from './directory.js';

/** `.staging-<host>-<process>-<random>`. The name states the owner, so that a sweep spares running processes. */
const STAGE = /^\.staging-(?<host>.+)-(?<pid>\d+)-[0-9a-f]+$/;

/** Names of the stages of this process: in a container, every process has the same number. */
const ownStages = new Set<string>();

/** Milliseconds after which a stage of another host, whose processes are not visible here, is abandoned. */
const MAX_FOREIGN_AGE = 24 * 3600 * 1000;

/** Creates an empty directory within `location` that belongs to this process. */
export async function makeStage(location: string): Promise<string> {
  const name = `.staging-${hostname()}-${process.pid}-${randomBytes(6).toString('hex')}`;
  ownStages.add(name);
  const stage = join(location, name);
  await makeDirectory(stage);
  return stage;
}

/** Deletes a stage and its contents, if it still exists. */
export async function discardStage(stage: string): Promise<void> {
  await rm(stage, { recursive: true, force: true });
  ownStages.delete(basename(stage));
}

/** Deletes the stages in `location` whose processes have died. Returns how many. */
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

/** At the start, a stage with this process's number belongs to a predecessor: in a container, every number is 1. */
async function isAbandoned(name: string, stage: string): Promise<boolean> {
  const owner = STAGE.exec(name)?.groups;
  if (!owner || ownStages.has(name)) return false;
  const pid = Number(owner['pid']);
  if (owner['host'] === hostname()) return pid === process.pid || !isRunning(pid);
  // Another replica, starting at the same time, may have deleted it.
  const found = await ifExists(stat(stage));
  return found !== undefined && Date.now() - found.mtimeMs > MAX_FOREIGN_AGE;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}
