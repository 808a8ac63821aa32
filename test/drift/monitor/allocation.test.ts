import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';

const ROWS = 5000;
const FEATURES = 8;
/** Half of the 16 bytes of one number on the heap. */
const BYTES_PER_ROW = 8;
/** Blocks of rows, one after another, that must not allocate; how many V8 may take until its optimised code is in place. */
const STEADY_BLOCKS = 5;
const MAX_BLOCKS = 200;

for (const count of [1, 100]) {
  test(`observing requests of ${count} allocates nothing per row`, () => {
    const random = createRandom(1);
    const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
    const [rows, outputs, errors] = [normals(ROWS * FEATURES), normals(ROWS), normals(ROWS).map((value) => value ** 2)];
    const names = Array.from({ length: FEATURES }, (_, j) => `feature ${j}`);
    // A window is tested once, not per row: none is filled here.
    const windowRows = 2 * ROWS * MAX_BLOCKS;
    const monitor = new DriftMonitor(makeBaseline({ count: ROWS, rows, outputs, errors }, names, ['target'], 1), {
      windowRows,
      rowsBetweenFalseAlarms: 10 * windowRows,
      clock: () => 0,
    });
    const requests = Array.from({ length: ROWS / count }, (_, i) => ({
      rows: rows.subarray(i * count * FEATURES, (i + 1) * count * FEATURES),
      outputs: outputs.subarray(i * count, (i + 1) * count),
      errors: errors.subarray(i * count, (i + 1) * count),
    }));

    let least = Number.POSITIVE_INFINITY;
    let steady = 0;
    for (let block = 0; block < MAX_BLOCKS && steady < STEADY_BLOCKS; block++) {
      const before = process.memoryUsage().heapUsed;
      for (const request of requests) monitor.observe(request.rows, count, request.outputs, request.errors);
      const perRow = (process.memoryUsage().heapUsed - before) / ROWS;
      // The garbage collector ran.
      if (perRow < 0) continue;
      least = Math.min(least, perRow);
      steady = perRow < BYTES_PER_ROW ? steady + 1 : 0;
    }
    assert.equal(steady, STEADY_BLOCKS, `at least ${least} bytes per row`);
  });
}
