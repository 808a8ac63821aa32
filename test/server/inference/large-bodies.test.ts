import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonToTable } from '../../../src/model/tables/json/json-table.js';
import { outline } from '../../../src/server/inference/body-outline.js';
import { BodyReader } from '../../../src/server/inference/body-reader.js';
import { LargeBodies } from '../../../src/server/inference/large-bodies.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp } from '../../support/test-app.js';

const ROWS = 20_000;
const instances = Array.from({ length: ROWS }, (_, i) => [i % 7, i % 11, i % 13]);
const targets = Array.from({ length: ROWS }, (_, i) => (i % 7) + (i % 11) / 10);

const post = (payload: string) => ({
  method: 'POST' as const,
  url: '/train?wait=true',
  headers: { 'content-type': 'application/json' },
  payload,
});

test('an outline has the form of the value, without its rows', () => {
  const value = {
    instances,
    targets,
    target: ['y'],
    epochs: 3,
    seed: 'x',
    deep: { a: 1, b: [1], c: { d: 1 } },
    rows: [{ a: 1 }, [1], null, 2],
  };
  assert.deepEqual(outline(value), {
    instances: Array.from({ length: 1024 }, () => []),
    targets: targets.slice(0, 1024),
    target: ['y'],
    epochs: 3,
    seed: 'x',
    deep: { a: 1, b: [], c: {} },
    rows: [{}, [], null, 2],
  });
  assert.deepEqual(outline([[1], [2]]), []);
  assert.equal(outline('text'), 'text');
  assert.equal(outline(null), null);
  const prototype = outline(JSON.parse('{"__proto__": {"a": 1}}')) as object;
  assert.deepEqual(Object.keys(prototype), ['__proto__']);
});

test('an outlined object is as short as an outlined array', () => {
  const types = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`c${i}`, 'number']));
  const { types: short } = outline({ types }) as { types: object };
  assert.equal(Object.keys(short).length, 1024);
});

test('a large body gives the same table as one that is read at once', async (t) => {
  const directory = temporaryDirectory(t);
  const reader = new BodyReader();
  const large = new LargeBodies(reader);
  t.after(async () => {
    await reader.close();
  });
  const parsed = (await large.parse(Buffer.from(JSON.stringify({ instances, targets })))) as object;
  assert.ok(large.has(parsed));
  const model = { features: ['a', 'b', 'c'], targets: ['y'] };
  const terms = { model, replace: false, choices: {}, isReport: false };
  const written = await large.write(parsed, join(directory, 'large'), terms);
  assert.equal(written.rows, ROWS);
  assert.deepEqual(
    written,
    jsonToTable({ instances, targets }, join(directory, 'small'), model, (found) => found),
  );
});

test('a large body of rows is trained on with its options', async (t) => {
  const { app } = await buildTestApp(t);
  const response = await app.inject(post(JSON.stringify({ epochs: 1, seed: 7, instances, targets })));
  assert.equal(response.statusCode, 200, response.body);
  const job = response.json();
  assert.deepEqual([job.state, job.rows, job.options.epochs, job.options.seed], ['succeeded', ROWS, 1, 7]);
});

const WRONG: [what: string, body: () => string, code: string, message: RegExp][] = [
  [
    'a number that is none, in its last row',
    () => JSON.stringify({ instances: [...instances.slice(1), [1, 'two', 3]], targets }),
    'INVALID_ROWS',
    /^column "b": 1 of 20000 cells is neither a number .*: "two" \(instances\[19999\]\)/,
  ],
  ['a key too many', () => JSON.stringify({ instances, targets, epoch: 1 }), 'INVALID_REQUEST', /epoch/],
  ['a bad option', () => JSON.stringify({ instances, targets, epochs: 0 }), 'INVALID_REQUEST', /^epochs: /],
  [
    'too few targets',
    () => JSON.stringify({ instances, targets: targets.slice(1) }),
    'INVALID_ROWS',
    /\(20000\), got 19999$/,
  ],
  [
    'no targets',
    () => JSON.stringify({ instances: [...instances, ...instances] }),
    'INVALID_ROWS',
    /^body: expected either/,
  ],
  ['an end too early', () => JSON.stringify({ instances, targets }).slice(0, -1), 'INVALID_JSON', /^invalid JSON: /],
  ['rows alone', () => JSON.stringify(instances), 'INVALID_REQUEST', /^body: /],
  [
    'other columns than the model has',
    () => JSON.stringify({ instances: instances.map(([a, b]) => ({ a, b, y: 1 })), target: 'y' }),
    'FEATURES_CHANGED',
    /replace=true/,
  ],
];

test('an invalid large body has the same error as a small one', async (t) => {
  const { app, jobs } = await buildTestApp(t);
  for (const [what, body, code, message] of WRONG) {
    const response = await app.inject(post(body()));
    assert.equal(response.statusCode, 400, what);
    assert.equal(response.json().code, code, what);
    assert.match(response.json().error, message, what);
    assert.equal(jobs.isBusy, false, what);
  }
});
