import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Plant } from './plant.js';

/** Rows of a request, and milliseconds from one to the next. */
const ROWS = 10;
const PAUSE = 50;

/** Requests to a replica, at an even pace, of fresh rows of a plant. */
export class Traffic {
  /** What becomes of a row on its way. */
  fault: (row: number[]) => number[] = (row) => row;
  private failure: unknown;

  constructor(t: TestContext, url: string, plant: Plant) {
    const timer = setInterval(() => {
      this.send(url, plant.rows(ROWS).map(this.fault)).catch((error: unknown) => {
        this.failure ??= error;
      });
    }, PAUSE);
    t.after(() => clearInterval(timer));
  }

  /** Throws the first failure of a request. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  private async send(url: string, instances: readonly (readonly number[])[]): Promise<void> {
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances }),
    });
    assert.equal(response.status, 200, await response.text());
  }
}
