import { setTimeout as sleep } from 'node:timers/promises';

/** Time between two looks, in milliseconds. */
const PAUSE = 100;

/**
 * Looks again and again until it is so. For what tells nobody when it happens.
 *
 * @param look tells whether it is so; what it throws means not yet
 * @param seconds after which it throws, with what `look` threw last as the cause
 */
export async function until(what: string, seconds: number, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    let cause: unknown;
    try {
      if (await look()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain: ${what}`, { cause });
    await sleep(PAUSE);
  }
}
