import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesIn, tableChoices } from '../../../src/server/readers/table-choices.js';

const INVALID = (message: RegExp) => ({ name: 'DomainError', code: 'INVALID_REQUEST', message });

test('lists of names are lines of CSV, and JSON has arrays', () => {
  assert.deepEqual(namesIn('a,b', 'drop'), ['a', 'b']);
  assert.deepEqual(namesIn('a, "b, c" ,d e', 'drop'), ['a', 'b, c', 'd e']);
  assert.deepEqual(namesIn('5" nail,x', 'drop'), ['5" nail', 'x']);
  assert.deepEqual(tableChoices({ features: ['a,b', 'c'], drop: [] }), { features: ['a,b', 'c'], drop: [] });
  assert.deepEqual(tableChoices({}), {});
});

test('types are told by the last colon of each item', () => {
  const types = 'zip:category,when:timestamp,"a, b:number", x:y : boolean';
  assert.deepEqual(tableChoices({ types }).types, {
    zip: 'category',
    when: 'timestamp',
    'a, b': 'number',
    'x:y': 'boolean',
  });
  assert.deepEqual(Object.keys(tableChoices({ types: '__proto__:category' }).types!), ['__proto__']);
  assert.deepEqual(tableChoices({ types: { zip: 'category' } }).types, { zip: 'category' });
});

test('a tab may be named', () => {
  assert.deepEqual(tableChoices({ delimiter: 'tab', decimal: ',' }), { delimiter: '\t', decimal: ',' });
});

test('what cannot be read is refused with its option', () => {
  assert.throws(() => tableChoices({ features: 'a,,b' }), INVALID(/^features: name 2 is empty$/));
  assert.throws(() => tableChoices({ drop: 'a,b,a' }), INVALID(/^drop: "a" is there twice$/));
  assert.throws(() => tableChoices({ drop: '"a' }), INVALID(/^drop: expected names separated by commas, got "\\"a"$/));
  assert.throws(() => tableChoices({ drop: 'a\nb' }), INVALID(/^drop: expected names/));
  for (const types of ['zip', 'zip:date', ':category', 'zip:category:', ' ', 'a:number,b:']) {
    assert.throws(() => tableChoices({ types }), INVALID(/^types: expected/), types);
  }
  assert.throws(() => tableChoices({ types: 'a:number,a:category' }), INVALID(/^types: "a" is there twice$/));
});

test('100,000 names are checked within moments', () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `name ${i}`);
  const { user } = process.cpuUsage();
  assert.equal(namesIn(names, 'features').length, 100_000);
  assert.throws(() => namesIn([...names, 'name 7'], 'features'), { message: 'features: "name 7" is there twice' });
  const milliseconds = process.cpuUsage().user / 1000 - user / 1000;
  assert.ok(milliseconds < 2000, `${milliseconds} ms`);
});
