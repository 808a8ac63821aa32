import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

/** Milliseconds from one request, of one row, to the next. */
const PAUSE = 50;

/** Requests to a replica, at an even pace, of rows one after another, and from the first again. */
export class Traffic {
  /** What becomes of a row on its way. */
  fault: (row: readonly number[]) => readonly number[] = (row) => row;
  private failure: unknown;

  constructor(t: TestContext, url: string, rows: readonly (readonly number[])[]) {
    let sent = 0;
    const timer = setInterval(() => {
      this.send(url, this.fault(rows[sent++ % rows.length]!)).catch((error: unknown) => {
        this.failure ??= error;
      });
    }, PAUSE);
    t.after(() => clearInterval(timer));
  }

  /** Throws the first failure of a request. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  private async send(url: string, row: readonly number[]): Promise<void> {
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: [row] }),
    });
    assert.equal(response.status, 200, await response.text());
  }
}
