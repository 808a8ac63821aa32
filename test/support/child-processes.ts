import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why children cannot be looked up here, or false: this reads Linux' /proc. */
export const NO_PROC = existsSync('/proc/self/stat') ? false : 'this system has no /proc';

/** Numbers of the living children of a process. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const state = stat(pid);
      return state?.parent === parent && !state.dead;
    });
}

/** Waits until a process is gone; whoever reaps it. Rejects after `seconds`. */
export async function gone(pid: number, seconds = 10): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (!(stat(pid)?.dead ?? true)) {
    if (performance.now() > end) throw new Error(`process ${pid} is still there after ${seconds} s`);
    await sleep(10);
  }
}

/** `/proc/<pid>/stat`: the name, in parentheses, may hold anything; then come the state and the parent. */
function stat(pid: number): { dead: boolean; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { dead: state === 'Z' || state === 'X', parent: Number(parent) };
  } catch {
    return undefined;
  }
}
