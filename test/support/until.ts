import { setTimeout as sleep } from 'node:timers/promises';

/** Time between two looks, in milliseconds. */
const PAUSE = 100;

/**
 * Polls until a condition holds. For conditions without an event.
 *
 * @param look returns whether the condition holds; a throw means not yet
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
