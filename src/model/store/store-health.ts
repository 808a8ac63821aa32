import { statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { isCode } from '../../base/files/directory.js';
import { discardStage, makeStage } from '../../base/files/staging.js';
import { nullable } from '../../base/json/nullable.js';

/** State of a store. */
export const StoreHealth = Type.Object({
  writable: Type.Boolean({ description: 'tested by this request' }),
  reason: nullable(Type.String(), { description: 'why it is not writable' }),
  /** Null if unknown or unlimited. */
  free_bytes: nullable(Type.Integer(), { description: 'free space on its disk' }),
});
export type StoreHealth = Static<typeof StoreHealth>;

/** Tests whether `location` is writable, and how much space is left. Never throws. */
export async function storeHealth(location: string): Promise<StoreHealth> {
  const free_bytes = await freeBytes(location);
  try {
    const stage = await makeStage(location);
    try {
      await writeFile(join(stage, 'written'), Buffer.alloc(512), { flush: true });
    } finally {
      await discardStage(stage);
    }
    return { writable: true, reason: null, free_bytes };
  } catch (error) {
    return { writable: false, reason: (error as Error).message, free_bytes };
  }
}

/** Free bytes of the file system that holds `path`, which need not exist yet. */
async function freeBytes(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    return isCode(error, 'ENOENT') && dirname(path) !== path ? freeBytes(dirname(path)) : null;
  }
}
