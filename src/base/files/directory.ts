import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A name that is a positive integer. With up to fifteen digits, it and its successor are exact as a number. */
export const NUMBER_NAME = /^[1-9][0-9]{0,14}$/;

/**
 * Creates a directory and its parents. Node's recursive `mkdir` reports ENOENT for a read-only file system, and on some others
 * never returns.
 */
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

/** Creates a directory and its parents synchronously, and flushes each new entry to the disk. */
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

/** Flushes a directory's entries to the disk, which flushing its files does not do. */
export function flushDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Returns the names in a directory; none if it does not exist. */
export async function namesIn(directory: string): Promise<string[]> {
  return (await ifExists(readdir(directory))) ?? [];
}

/** Returns the names in a directory that are numbers, in ascending order; none if it does not exist. */
export async function numbersIn(directory: string): Promise<number[]> {
  const names = await namesIn(directory);
  return names
    .filter((name) => NUMBER_NAME.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Returns the names of a directory's regular files, without hidden ones; none if it does not exist. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = (await ifExists(readdir(directory, { withFileTypes: true }), 'ENOTDIR')) ?? [];
  // Names with a leading dot belong to the file system or to the platform.
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
}

/** Awaits a system call. Returns undefined if the file does not exist, and for the error codes `others`. */
export async function ifExists<T>(call: Promise<T>, ...others: readonly string[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isCode(error, 'ENOENT', ...others)) return undefined;
    throw error;
  }
}

/** Returns whether a system call failed with one of these codes. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
