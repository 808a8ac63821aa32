import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Gate, mayServeUnasked } from '../../../src/model/versions/gate-decision.js';

const GATE: Gate = {
  decision: 'promoted',
  reason: 'RMSE 1, better than the mean of the training rows (2).',
  metric: 'rmse',
  candidate: 1,
  serving: 2,
  serving_version: null,
  tolerance: 0.05,
  p_value: 1,
  rows: 10,
};

test('a version serves unasked unless the gate refused it, or it was trained with promote=never', () => {
  assert.equal(mayServeUnasked(null), true, 'a version without a gate');
  assert.equal(mayServeUnasked(GATE), true);
  assert.equal(mayServeUnasked({ ...GATE, decision: 'refused' }), false);
  for (const [promote, expected] of [
    ['always', true],
    ['never', false],
  ] as const) {
    const asked: Gate = { ...GATE, decision: 'not_asked' };
    assert.equal(mayServeUnasked({ ...asked, promote }), expected);
    assert.equal(mayServeUnasked({ ...asked, promote, reason: 'promote=never, says a text' }), expected);
    assert.equal(mayServeUnasked({ ...asked, reason: `promote=${promote}; RMSE 1` }), expected, 'an earlier release');
  }
});
