import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifExists, isCode } from '../../base/files/directory.js';

/** Milliseconds after which a lock is abandoned if its process cannot be looked at. It is held for a few milliseconds. */
const MAX_AGE = 10_000;
/** Milliseconds between two attempts. */
const PAUSE = 5;

/** Locks that this process holds. One with its number that it does not hold is that of a predecessor: in a container, all have one. */
const own = new Set<string>();

/**
 * Runs `work` while no other process that asks for the same lock runs its own. The lock is a file; one that a process left when it
 * died is removed. Rejects with what `work` throws, and if the file cannot be created.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const file = await create(path);
  own.add(path);
  try {
    await file.writeFile(`${hostname()} ${process.pid}`).finally(() => file.close());
    return await work();
  } finally {
    own.delete(path);
    await rm(path, { force: true });
  }
}

/** Creates the file of a lock, once no other process has it. */
async function create(path: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
      if (await isAbandoned(path)) await remove(path);
      else await sleep(PAUSE);
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await ifExists(stat(path));
  if (!found || own.has(path)) return false;
  if (Date.now() - found.mtimeMs > MAX_AGE) return true;
  const [host, pid] = ((await ifExists(readFile(path, 'utf8'))) ?? '').split(' ');
  return host === hostname() && Number(pid) > 0 && (Number(pid) === process.pid || !isRunning(Number(pid)));
}

/** Renames first: of two processes that find the same lock abandoned, only one gets it. */
async function remove(path: string): Promise<void> {
  const aside = `${path}-${randomBytes(6).toString('hex')}`;
  await ifExists(rename(path, aside));
  await rm(aside, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}
