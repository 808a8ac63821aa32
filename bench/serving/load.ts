import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Load, LoadResult } from './load-process.js';

/** Puts one server at a time under load, from a process of its own. */
export class LoadGenerator {
  private readonly child = fork(new URL('./load-process.js', import.meta.url));
  private readonly ended = new AbortController();

  constructor() {
    this.child.once('exit', () => this.ended.abort(new Error('the load process has ended')));
  }

  /** Loads the server at `port`. Rejects if a status is not 200, or a reply is longer than its declared length. */
  async run(port: number, bodies: readonly string[], milliseconds: number, head?: Load['head']): Promise<LoadResult> {
    this.child.send({ port, bodies, milliseconds, ...(head ? { head } : {}) } satisfies Load);
    const [result] = (await once(this.child, 'message', { signal: this.ended.signal })) as [LoadResult];
    return result;
  }

  close(): void {
    this.child.kill();
  }
}
