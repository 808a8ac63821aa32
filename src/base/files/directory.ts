import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A name that is a number from 1 on. Fifteen digits are exact as a number, and so is the next one. */
export const NUMBER_NAME = /^[1-9][0-9]{0,14}$/;

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

/** As `makeDirectory`, at once, and durably with all above that it makes. */
export function makeDurableDirectory(path: string): void {
  const make = () => {
    try {
      mkdirSync(path);
    } catch (error) {
      if (isCode(error, 'EEXIST')) return;
      throw error;
    }
    flushDirectory(dirname(path));
  };
  try {
    make();
  } catch (error) {
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error;
    makeDurableDirectory(dirname(path));
    make();
  }
}

/** Makes a directory's entries durable, which flushing its files does not. */
export function flushDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The names in a directory; none if it does not exist. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The names in a directory that are numbers, in ascending order; none if it does not exist. */
export async function numbersIn(directory: string): Promise<number[]> {
  const names = await namesIn(directory);
  return names
    .filter((name) => NUMBER_NAME.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The names of a directory's plain files, without those hidden by a point in front; none if it does not exist. */
export async function filesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    // A name with a point in front is the file system's or the platform's.
    return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Whether a system call failed for one of these reasons. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
