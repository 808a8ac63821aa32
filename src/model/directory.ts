import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** As `mkdir` with `recursive`, which says ENOENT of a read-only file system, and never ends in some others. */
export async function makeDirectory(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
  try {
    await make();
  } catch (error) {
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}

/** Whether a system call failed for one of these reasons. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
