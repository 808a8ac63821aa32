import assert from 'node:assert/strict';
import { test } from 'node:test';
import { criticalIndex } from '../../../src/drift/monitor/column-report.js';
import { assertClose, SCIPY } from '../../support/scipy-statistics.js';

test('the stability index that 1 % of windows without drift exceed agrees with SciPy', () => {
  for (const [bins, n, m, expected] of SCIPY.stability_critical) {
    assertClose(criticalIndex(bins, n, m), expected, `${bins} bins, ${n} rows against ${m}`);
  }
  assert.equal(criticalIndex(1, 500, 2000), 0);
});
