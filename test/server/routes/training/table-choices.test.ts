import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildTestApp, contentsOf } from '../../../support/test-app.js';

const DAYS = ['Sun', 'Sat', 'Fri'];
const ROWS = Array.from({ length: 120 }, (_, i) => ({
  id: i,
  size: (i * 37) % 50,
  day: DAYS[(i * 7) % 3]!,
  sold: i % 5 > 1,
  when: `2024-0${1 + (i % 9)}-1${i % 10}`,
  zip: 1000 + (i % 4),
  tip: ((i * 37) % 50) / 5 + ((i * 7) % 3),
}));
const NAMES = Object.keys(ROWS[0]!);
const CSV = [NAMES, ...ROWS.map((row) => Object.values(row))].map((cells) => cells.join(',')).join('\n');

const send = (app: FastifyInstance, query: string, payload: string | object = CSV, type = 'text/csv') =>
  app.inject({
    method: 'POST',
    url: `/train?${query}`,
    payload,
    ...(typeof payload === 'string' ? { headers: { 'content-type': type } } : {}),
  });

interface Reported {
  name: string;
  role: string;
  type: string | null;
  range?: unknown[];
  level_count?: number;
}

test('a dry run reports on every column of a CSV and of JSON, trains nothing and leaves nothing', async (t) => {
  const { app, store } = await buildTestApp(t, []);
  for (const reply of [
    await send(app, 'dry_run=true&target=tip'),
    await send(app, '', { dry_run: true, target: 'tip', instances: ROWS }),
  ]) {
    assert.equal(reply.statusCode, 200, reply.body);
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
    const { rows, dropped, columns, problems } = reply.json();
    assert.deepEqual([rows, dropped, problems], [120, 0, []]);
    assert.deepEqual(
      columns.map(({ name, role, type }: Reported) => [name, role, type]),
      [
        ['size', 'feature', 'number'],
        ['day', 'feature', 'category'],
        ['sold', 'feature', 'boolean'],
        ['when', 'feature', 'timestamp'],
        ['zip', 'feature', 'number'],
        ['tip', 'target', 'number'],
        ['id', 'left_out', null],
      ],
    );
    const found = Object.fromEntries(columns.map((column: Reported) => [column.name, column]));
    assert.deepEqual(found['size'].range, [0, 49]);
    assert.equal(found['day'].level_count, 3);
    assert.deepEqual(found['when'].range, ['2024-01-10', '2024-09-19']);
  }
  assert.deepEqual(contentsOf(store.location), []);
  assert.deepEqual((await app.inject({ url: '/models' })).json().models, []);
});

test('a file may be reported on before its target is known, and beside a training', async (t) => {
  const { app, jobs } = await buildTestApp(t, []);
  const training = await send(app, 'target=tip&epochs=2000&patience=2000');
  assert.equal(training.statusCode, 202, training.body);
  const reply = await send(app, 'dry_run=true');
  assert.equal(reply.statusCode, 200, reply.body);
  assert.ok(reply.json().columns.every(({ role }: Reported) => role !== 'target'));
  await jobs.cancel(training.json().id);
});

test('a second report meanwhile is a 503, and a column that cannot be read is a role of its own', async (t) => {
  const { app } = await buildTestApp(t, []);
  const bad = CSV.replace(/^(\d+),\d+,/m, '$1,many,');
  const replies = await Promise.all(Array.from({ length: 3 }, () => send(app, 'dry_run=true', bad)));
  const refused = replies.filter(({ statusCode }) => statusCode === 503);
  assert.equal(refused.length, 2, replies.map(({ body }) => body).join('\n'));
  for (const reply of refused) {
    assert.equal(reply.json().code, 'OVERLOADED');
    assert.match(reply.json().error, /^another table is being read for a report; try again$/);
    assert.ok(Number(reply.headers['retry-after']) > 0);
  }
  const { columns, problems } = replies.find(({ statusCode }) => statusCode === 200)!.json();
  const { role, type, reason } = columns.find(({ name }: Reported) => name === 'size');
  assert.deepEqual([role, type, problems], ['refused', null, [reason]]);
  assert.match(reason, /"many" \(line 2\)/);
  assert.equal((await send(app, 'dry_run=true', CSV)).statusCode, 200, 'the place is free again');
});

test('features, drop and types choose columns, in the query and in JSON alike', async (t) => {
  const { app } = await buildTestApp(t, []);
  const fields = { features: ['id', 'day', 'zip'], types: { zip: 'category' }, target: 'tip', dry_run: true };
  for (const reply of [
    await send(app, 'dry_run=true&target=tip&features=id,day,"zip"&types=zip:category'),
    await send(app, '', { ...fields, instances: ROWS }),
  ]) {
    assert.equal(reply.statusCode, 200, reply.body);
    const features = reply.json().columns.filter(({ role }: Reported) => role === 'feature');
    assert.deepEqual(
      features.map(({ name, type }: Reported) => [name, type]),
      [
        ['id', 'number'],
        ['day', 'category'],
        ['zip', 'category'],
      ],
    );
  }
  const dropped = await send(app, 'dry_run=true&target=tip&drop=when,zip');
  const left = dropped.json().columns.filter(({ role }: Reported) => role === 'left_out');
  assert.deepEqual(left.map(({ name }: Reported) => name).sort(), ['id', 'when', 'zip']);
});

test('a CSV of semicolons and decimal commas is read as it is, or as the query says', async (t) => {
  const { app } = await buildTestApp(t, []);
  const csv = ['größe;tip', ...ROWS.map(({ size, tip }) => `${size},5;${String(tip).replace('.', ',')}`)].join('\n');
  const bytes = Buffer.from(csv, 'latin1');
  for (const query of ['', '&delimiter=%3B&decimal=,']) {
    const reply = await app.inject({
      method: 'POST',
      url: `/train?dry_run=true&target=tip${query}`,
      headers: { 'content-type': 'text/csv; charset=windows-1252' },
      payload: bytes,
    });
    assert.equal(reply.statusCode, 200, reply.body);
    const [size] = reply.json().columns;
    assert.deepEqual([size.name, size.type, size.range], ['größe', 'number', [0.5, 49.5]]);
  }
});

test('choices that cannot be are refused by name', async (t) => {
  const { app } = await buildTestApp(t, []);
  const cases: [query: string, payload: string | object, code: string, error: RegExp][] = [
    ['target=tip&features=id,nothing', CSV, 'UNKNOWN_COLUMN', /^features: "nothing" is not a column/],
    ['target=tip&drop=tip', CSV, 'UNKNOWN_COLUMN', /"tip" is the target/],
    ['target=tip&features=id&drop=id', CSV, 'UNKNOWN_COLUMN', /"id" is both/],
    ['target=tip&types=zip:date', CSV, 'INVALID_REQUEST', /^types: expected <column>:<type>/],
    ['target=tip&types=nothing:number', CSV, 'UNKNOWN_COLUMN', /^types: "nothing" is not a column/],
    ['target=tip&types=day:number', CSV, 'INVALID_CSV', /"day".*"Sun" \(line 2\)/],
    ['target=tip&delimiter=x', CSV, 'INVALID_REQUEST', /^delimiter: expected ",", ";", "\\t", "|", "tab"$/],
    ['target=tip&decimal=x', CSV, 'INVALID_REQUEST', /^decimal: expected "\.", ","$/],
    ['target=tip&target_transform=log', CSV, 'INVALID_REQUEST', /^target_transform: expected "auto", "none", "log1p"$/],
    ['decimal=,', { instances: [[1]], targets: [1] }, 'INVALID_QUERY', /^decimal: expected only with a CSV/],
    ['', { instances: [[1]], targets: [1], types: { x0: 'date' } }, 'INVALID_REQUEST', /^types\.x0: expected "number"/],
    ['', { source: 'feedback', drop: ['a'] }, 'INVALID_REQUEST', /^drop: expected without "source": "feedback"$/],
    ['', CSV, 'UNKNOWN_COLUMN', /needs \?target/],
  ];
  for (const [query, payload, code, error] of cases) {
    const reply = await send(app, query, payload);
    assert.equal(reply.statusCode, 400, `${query}: ${reply.body}`);
    assert.equal(reply.json().code, code, reply.body);
    assert.match(reply.json().error, error);
  }
  const charset = await send(app, 'dry_run=true', CSV, 'text/csv; charset=klingon');
  assert.deepEqual([charset.statusCode, charset.json().code], [415, 'UNSUPPORTED_MEDIA_TYPE']);
});

test('a gap in a row without a target, or in few rows, is taken when the file is predicted', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  const numbers = ROWS.map(({ size, zip, tip }) => [size, zip, tip]);
  const gap = ['', 1001];
  for (const [name, rows] of [
    ['without a target', [...numbers, [...gap, '']]],
    // Whether it is held out or not.
    ...[0, 1, 2, 3, 4, 5].map((tip) => [`of ${tip}`, [...numbers, [...gap, tip]]] as const),
  ] as const) {
    const csv = [['size', 'zip', 'tip'], ...rows].map((cells) => cells.join(',')).join('\n');
    const trained = await send(app, 'target=tip&wait=true&epochs=1&promote=always&replace=true', csv);
    assert.equal(trained.statusCode, 200, trained.body);
    const again = await app.inject({
      method: 'POST',
      url: '/predict',
      headers: { 'content-type': 'text/csv' },
      payload: csv,
    });
    assert.equal(again.statusCode, 200, `${name}: ${again.body.slice(0, 300)}`);
  }
});

test('the file just trained on is predicted as it is, by text and with new levels; other columns than the model are a problem', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  const trained = await send(app, 'target=tip&wait=true&epochs=3&types=zip:category');
  assert.equal(trained.statusCode, 200, trained.body);
  const again = await app.inject({
    method: 'POST',
    url: '/predict',
    headers: { 'content-type': 'text/csv', accept: 'application/json' },
    payload: CSV,
  });
  assert.equal(again.statusCode, 200, again.body);
  assert.equal(again.headers['x-ignored-columns'], '2');
  const named = await app.inject({ method: 'POST', url: '/predict', payload: { instances: ROWS } });
  assert.deepEqual(named.json().predictions, again.json().predictions);

  const levels = await send(app, 'target=tip&wait=true&epochs=1&promote=always', CSV.replaceAll('Fri', 'Mon'));
  assert.equal(levels.statusCode, 200, levels.body);
  const other = await send(app, 'target=tip&drop=day');
  assert.deepEqual([other.statusCode, other.json().code], [400, 'FEATURES_CHANGED']);
  const [problem] = (await send(app, 'target=tip&drop=day&dry_run=true')).json().problems;
  assert.match(problem, /the serving model predicts "tip" from .*replace=true/);
});

test('the choices of a large JSON body count as those of a small one do', async (t) => {
  const { app } = await buildTestApp(t, []);
  const choices = { dry_run: true, target: 'tip', types: { zip: 'category' }, drop: ['sold'] };
  const typesOf = async (rows: readonly object[]) => {
    const reply = await send(app, '', { ...choices, instances: rows });
    assert.equal(reply.statusCode, 200, reply.body);
    return reply.json().columns.map(({ name, type }: Reported) => [name, type]);
  };
  const small = await typesOf(ROWS);
  assert.deepEqual(
    small.find(([name]: [string]) => name === 'zip'),
    ['zip', 'category'],
  );
  const many = Array.from({ length: 20 }, () => ROWS).flat();
  assert.deepEqual(await typesOf(many.map((row, id) => ({ ...row, id }))), small);
});
