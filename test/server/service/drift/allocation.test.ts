import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { makeBaseline } from '../../../../src/model/baseline/baseline.js';
import { DriftService } from '../../../../src/server/service/drift/drift-service.js';
import type { Observation, Serving } from '../../../../src/server/service/prediction/prediction-service.js';
import { buildTestApp } from '../../../support/test-app.js';

const ROWS = 5000;
const FEATURES = 8;
const BLOCKS = 60;
/** Half of the 16 bytes of one number on the heap; and a handful of such numbers, such as the time, for a request. */
const BYTES_PER_ROW = 8;
const BYTES_PER_REQUEST = 100;

for (const count of [1, 100]) {
  test(`monitoring requests of ${count} rows, with history and sample, allocates nothing per row and hardly anything per request`, async (t) => {
    const { store, log } = await buildTestApp(t, []);
    const random = createRandom(1);
    const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
    const [rows, outputs, errors] = [normals(ROWS * FEATURES), normals(ROWS), normals(ROWS).map((value) => value ** 2)];
    const names = Array.from({ length: FEATURES }, (_, j) => `feature ${j}`);
    const baseline = makeBaseline({ count: ROWS, rows, outputs, errors }, names, ['target'], 1);
    // A window is tested once, not per row: none is filled here.
    const windowRows = 2 * ROWS * BLOCKS;
    const drift = new DriftService({ store, log, rowsBetweenFalseAlarms: 10 * windowRows, windowRows });
    t.after(() => drift.close());
    const card = { features: names, targets: ['target'], checksum: '', created_at: '' };
    drift.activate(await drift.prepare(1, card as never, JSON.stringify(baseline)));
    drift.require();
    const serving = { version: 1 } as Serving;
    const requests = Array.from(
      { length: ROWS / count },
      (_, i): Observation => ({
        rows: rows.subarray(i * count * FEATURES, (i + 1) * count * FEATURES),
        count,
        prediction: {
          outputs: outputs.subarray(i * count, (i + 1) * count),
          errors: errors.subarray(i * count, (i + 1) * count),
        } as Observation['prediction'],
        serving,
      }),
    );
    const growths = Array.from({ length: BLOCKS }, () => {
      const before = process.memoryUsage().heapUsed;
      for (const request of requests) drift.observe(request);
      return process.memoryUsage().heapUsed - before;
    }).sort((a, b) => a - b);
    // Half of the blocks are less: neither the compiler nor the garbage collector was at work in them.
    const perRow = growths[Math.floor(BLOCKS / 2)]! / ROWS;
    assert.ok(perRow < BYTES_PER_ROW + BYTES_PER_REQUEST / count, `${perRow} bytes per row`);
  });
}
