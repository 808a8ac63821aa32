import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError, show } from '../../src/base/domain-error.js';

test('a domain error carries its code, message and cause', () => {
  const cause = new Error('why');
  const error = new DomainError('INVALID_ROWS', 'what', { cause });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.message, error.cause],
    ['DomainError', 'INVALID_ROWS', 'what', cause],
  );
});

test('a value is shown as JSON; non-finite numbers and undefined by name', () => {
  assert.deepEqual(['abc', 3, null, true, [1], { a: 1 }, undefined, Number.NaN, Number.NEGATIVE_INFINITY].map(show), [
    '"abc"',
    '3',
    'null',
    'true',
    '[1]',
    '{"a":1}',
    'undefined',
    'NaN',
    '-Infinity',
  ]);
});

test('a long value is cut after 40 characters', () => {
  assert.equal(show('x'.repeat(38)), `"${'x'.repeat(38)}"`);
  assert.equal(show('x'.repeat(39)), `"${'x'.repeat(39)}…`);
  assert.equal(show('x'.repeat(1e6)), `"${'x'.repeat(39)}…`);
});

test('a value nested too deeply for JSON.stringify is shown too', () => {
  const depth = 100_000;
  const deepArray: unknown = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  const deepObject: unknown = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  assert.equal(show(deepArray), 'a deeply nested array');
  assert.equal(show(deepObject), 'an unprintable object');
});
