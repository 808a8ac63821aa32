import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsWithin } from '../../../src/server/overload/max-connections.js';

test('connections are limited by the descriptors and by the memory', () => {
  const gibibyte = 2 ** 30;
  assert.equal(connectionsWithin(1_048_576, gibibyte / 4), 2048);
  assert.equal(connectionsWithin(1_048_576, 8 * gibibyte), 65_536);
  assert.equal(connectionsWithin(1024, 8 * gibibyte), 768);
  assert.equal(connectionsWithin(64, 8 * gibibyte), 32);
});
