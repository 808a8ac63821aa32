import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

/** Interval between requests of one row, in milliseconds. */
const INTERVAL = 50;

/** Sends rows to a replica at a steady rate, starting again after the last row. */
export class Traffic {
  /** Changes each row before it is sent. */
  fault: (row: readonly number[]) => readonly number[] = (row) => row;
  private failure: unknown;

  constructor(t: TestContext, url: string, rows: readonly (readonly number[])[]) {
    let sent = 0;
    const timer = setInterval(() => {
      this.send(url, this.fault(rows[sent++ % rows.length]!)).catch((error: unknown) => {
        this.failure ??= error;
      });
    }, INTERVAL);
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
    const text = await response.text();
    // A busy machine may answer late, and then refuses.
    if (response.status !== 503 || !text.includes('"OVERLOADED"')) assert.equal(response.status, 200, text);
  }
}
