import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Load, LoadResult } from './load-process.js';

/** A process that loads servers, one after another. */
export class LoadGenerator {
  private readonly child = fork(new URL('./load-process.js', import.meta.url));
  private readonly ended = new AbortController();

  constructor() {
    this.child.once('exit', () => this.ended.abort(new Error('the load process has ended')));
  }

  /** Loads the server at `port` for so many milliseconds. Rejects if an answer is not a 200, or longer than it says. */
  async run(port: number, bodies: readonly string[], milliseconds: number, head?: Load['head']): Promise<LoadResult> {
    this.child.send({ port, bodies, milliseconds, ...(head ? { head } : {}) } satisfies Load);
    const [result] = (await once(this.child, 'message', { signal: this.ended.signal })) as [LoadResult];
    return result;
  }

  close(): void {
    this.child.kill();
  }
}
