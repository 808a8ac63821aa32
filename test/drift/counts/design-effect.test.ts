import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DesignEffect } from '../../../src/drift/counts/design-effect.js';
import { assertClose, SCIPY } from '../../support/scipy-statistics.js';

test('the design effect is the variance of block means relative to that of independent rows, as computed by NumPy', () => {
  const { columns, effects } = SCIPY.design_effect;
  const estimate = new DesignEffect(columns.length, 10);
  for (let row = 0; row < 500; row++) {
    assert.equal(estimate.settled, false);
    estimate.add(Uint8Array.from(columns, (column) => column[row]!));
  }
  assert.equal(estimate.settled, true);
  effects.forEach((expected, c) => {
    assertClose(estimate.effects[c]!, expected, `column ${c}`);
  });
  assert.ok(effects[0]! > 5 && effects[1] === 1, 'one column depends on itself, one does not');
});
