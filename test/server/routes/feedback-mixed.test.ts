import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { feedback, largeFeedback, postJson as post } from '../../support/feedback.js';
import { buildMixedApp } from '../../support/mixed-app.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp } from '../../support/test-app.js';

/** Rows of the mixed model, with their target. */
const NAMED = [
  { size: 1, color: 'red', new: true, sold: '2024-01-03', width: 2, y: 5 },
  { size: 2, color: 'blue', new: 'no', sold: '2024-02-01', width: null, y: 6 },
  { size: 3, color: 'green', new: 0, sold: '2024-01-01T12:00:00Z', width: 0, y: 7 },
];
const ARRAYS = NAMED.map(({ size, color, new: fresh, sold, width }) => [size, color, fresh, sold, width]);
const TARGETS = NAMED.map(({ y }) => y);

/** Rows of a table with a category, a truth value, a date and gaps; `levels` are those of `color`. */
function rows(count: number, levels: readonly string[], from = 0) {
  return Array.from({ length: count }, (_, n) => {
    const i = from + n;
    const day = new Date(Date.UTC(2024, 0, 1 + ((7 * i) % 300))).toISOString().slice(0, 10);
    const color = levels[i % levels.length]!;
    const size = i % 5 === 0 ? null : Math.sin(i);
    return { color, fresh: i % 3 === 0, sold: day, size, y: color.length + (size ?? 2) + (i % 3) };
  });
}

const card = async (app: FastifyInstance) => (await app.inject({ url: '/model' })).json();
const levelsOf = (model: { columns: { name: string; levels?: string[] }[] }) =>
  [...(model.columns.find(({ name }) => name === 'color')!.levels ?? [])].sort();

async function train(app: FastifyInstance, payload: object) {
  const response = await post(app, '/train?wait=true&epochs=2&promote=always', payload);
  assert.equal(response.statusCode, 200, response.body);
  return response.json();
}

/** What the metrics report of the errors. */
async function live(app: FastifyInstance) {
  const { body } = await app.inject({ url: '/metrics' });
  const value = (name: string) => Number(new RegExp(`^model_feedback_${name}(?:{.*})? (.*)$`, 'm').exec(body)?.[1]);
  return { kept_rows: value('kept_rows'), evaluated_rows: value('evaluated_rows'), bias: value('bias') };
}

for (const [size, send] of [
  ['small', feedback],
  ['large', largeFeedback],
] as const) {
  test(`feedback takes what predictions take: texts, truth values, dates and gaps (${size} body)`, async (t) => {
    const { app } = await buildMixedApp(t);
    const predicted: number[][] = (await post(app, '/predict', { instances: ARRAYS })).json().predictions;
    for (const [body, kept] of [
      [{ instances: ARRAYS, targets: TARGETS }, 3],
      [{ instances: NAMED, target: 'y' }, 6],
      // The training left a column out.
      [{ instances: NAMED.map((row, i) => ({ id: `row ${i}`, ...row })), target: 'y' }, 9],
    ] as const) {
      const response = await send(app, body);
      assert.equal(response.statusCode, 200, response.body);
      assert.deepEqual([response.json().rows, response.json().kept_rows], [3, kept]);
      const others = 'instances' in body && 'id' in (body.instances[0] as object) ? '1' : undefined;
      assert.equal(response.headers['x-ignored-columns'], others);
    }
    const found = await live(app);
    const bias = predicted.reduce((sum, [y], i) => sum + y! - TARGETS[i]!, 0) / 3;
    assert.equal(found.evaluated_rows, 9);
    assert.ok(Math.abs(found.bias - bias) < 1e-5, `${found.bias} for ${bias}`);
  });

  test(`a target of true or false counts as 1 or 0, as in a training (${size} body)`, async (t) => {
    const { app } = await buildMixedApp(t);
    const id = (await post(app, '/predict?ids=true', { instances: ARRAYS })).json().prediction_id;
    for (const body of [
      { instances: ARRAYS, targets: [true, false, 1] },
      { instances: NAMED.map((row, i) => ({ ...row, y: i < 1 })), target: 'y' },
      { ids: [id], targets: [[true, 0, false]] },
    ]) {
      const response = await send(app, body);
      assert.deepEqual(
        [response.statusCode, response.json().rows, response.json().dropped],
        [200, 3, 0],
        response.body,
      );
    }
    const again = await send(app, { ids: [id], targets: [[1, false, 0]] });
    assert.equal(again.json().results[0].status, 'repeated', 'the same targets');
    const wrong = await send(app, { instances: ARRAYS, targets: [1, 2, 'yes'] });
    assert.equal(wrong.statusCode, 400);
    assert.match(wrong.json().error, /^targets\[2\]: expected a number, true, false or null, got "yes"$/);
  });

  test(`a value that a column cannot take is refused with its place, and nothing is kept (${size} body)`, async (t) => {
    const { app } = await buildMixedApp(t);
    const bad: [change: object, message: RegExp][] = [
      [{ size: 'big' }, /instances\[1\]\["size"\].*"big"/],
      [{ new: 'perhaps' }, /instances\[1\]\["new"\]: expected true, false, "yes" or "no", got "perhaps"/],
      [{ sold: '03/04/2024' }, /instances\[1\]\["sold"\]: expected a date in ISO 8601/],
      [{ sold: 5 }, /instances\[1\]\["sold"\]/],
      [{ color: ['red'] }, /instances\[1\]\["color"\]/],
      [{ color: { a: 1 } }, /instances\[1\]\["color"\]/],
      [{ y: 'many' }, /instances\[1\]\["y"\]/],
    ];
    for (const [change, message] of bad) {
      const response = await send(app, { instances: [NAMED[0], { ...NAMED[1], ...change }], target: 'y' });
      assert.equal(response.statusCode, 400, response.body);
      assert.equal(response.json().code, 'INVALID_ROWS');
      assert.match(response.json().error, message);
    }
    // Gaps where the training had none.
    const gaps = [NAMED[0], { ...NAMED[1], color: null }, { ...NAMED[2], sold: 'NA' }];
    assert.deepEqual((await send(app, { instances: gaps, target: 'y' })).json().dropped, 2);
    assert.equal((await live(app)).kept_rows, 1);
  });
}

test('a repeated request has the header of the first one', async (t) => {
  const { app } = await buildMixedApp(t);
  const payload = { instances: NAMED.map((row, i) => ({ id: `row ${i}`, note: 'x', ...row })), target: 'y' };
  const ask = () => app.inject({ method: 'POST', url: '/feedback', headers: { 'idempotency-key': 'a' }, payload });
  const [first, second] = [await ask(), await ask()];
  assert.equal(second.headers['idempotent-replayed'], 'true');
  assert.deepEqual(
    [first.headers, second.headers].map((headers) => headers['x-ignored-columns']),
    ['2', '2'],
  );
  assert.deepEqual(second.json(), first.json());
});

test('a training on feedback learns the levels that the model did not know, and reads rows of several versions alike', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  await train(app, { instances: rows(60, ['red', 'blue']), target: 'y' });
  assert.deepEqual(levelsOf(await card(app)), ['blue', 'red']);
  const send = async (instances: object[]) => {
    const response = await feedback(app, { instances, target: 'y' });
    assert.equal(response.statusCode, 200, response.body);
    return response.json().kept_rows;
  };
  assert.equal(await send(rows(60, ['red', 'blue', 'green'], 60)), 60);
  const first = await train(app, { source: 'feedback' });
  assert.equal(first.rows, 60);
  const second = await card(app);
  assert.deepEqual(levelsOf(second), ['blue', 'green', 'red']);
  // The columns of the second version are coded in another way, and the rows of the first count with its own.
  assert.equal(await send(rows(90, ['violet', 'violet', 'green', 'a much longer name'], 120)), 150);
  assert.equal((await train(app, { source: 'feedback' })).rows, 150);
  const third = await card(app);
  assert.deepEqual(levelsOf(third), ['a much longer name', 'blue', 'green', 'red', 'violet']);
  const counts = Object.fromEntries(
    third.columns[0].levels.map((level: string, i: number) => [level, third.columns[0].counts[i]]),
  );
  const sent = [
    ...rows(60, ['red', 'blue', 'green'], 60),
    ...rows(90, ['violet', 'violet', 'green', 'a much longer name'], 120),
  ];
  for (const level of Object.keys(counts)) {
    assert.equal(counts[level], sent.filter(({ color }) => color === level).length, level);
  }
  const types = (model: { columns: { type: string }[] }) => model.columns.map(({ type }) => type);
  assert.deepEqual(types(third), types(second));
});

test('rows of a prediction that an earlier version answered are coded as the serving one codes them', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  await train(app, { instances: rows(60, ['red', 'blue', 'green']), target: 'y' });
  const asked = rows(6, ['green', 'red'], 7).map(({ y: _, ...row }) => row);
  const { prediction_id: id } = (await post(app, '/predict?ids=true', { instances: asked })).json();
  await train(app, { instances: rows(80, ['yellow', 'red', 'white']), target: 'y' });
  const predicted: number[][] = (await post(app, '/predict', { instances: asked })).json().predictions;
  const answered = await feedback(app, { ids: [id], targets: [[1, 2, 3, 4, 5, 6]] });
  assert.equal(answered.statusCode, 200, answered.body);
  const bias = predicted.reduce((sum, [y], i) => sum + y! - (i + 1), 0) / 6;
  assert.ok(Math.abs((await live(app)).bias - bias) < 1e-4);
  // Green, which the serving version does not know, is not lost.
  await feedback(app, { instances: rows(30, ['white', 'red']), target: 'y' });
  await train(app, { source: 'feedback' });
  assert.deepEqual(levelsOf(await card(app)), ['green', 'red', 'white']);
});

test('rows of numbers are none of a version whose column of that name holds texts', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  const numeric = Array.from({ length: 40 }, (_, i) => ({ color: i % 7, size: Math.sin(i), y: i % 5 }));
  await train(app, { instances: numeric, target: 'y' });
  const asked = numeric.slice(0, 2).map(({ y: _, ...row }) => row);
  const { prediction_id: id } = (await post(app, '/predict?ids=true', { instances: asked })).json();
  assert.equal((await feedback(app, { instances: numeric, target: 'y' })).json().kept_rows, 40);
  const texts = numeric.map((row) => ({ ...row, color: `c${row.color}` }));
  const replaced = await post(app, '/train?wait=true&epochs=2&promote=always&replace=true', {
    instances: texts,
    target: 'y',
  });
  assert.equal(replaced.statusCode, 200, replaced.body);
  assert.equal((await live(app)).kept_rows, 0);
  const other = await feedback(app, { ids: [id], targets: [[1, 2]] });
  assert.equal(other.json().code, 'FEATURES_CHANGED', other.body);
  assert.match(other.json().error, /feature "color" of the serving model is a category, but was a number/);
  assert.equal((await feedback(app, { instances: texts.slice(0, 5), target: 'y' })).json().kept_rows, 5);
});

/** Writes rows as pandas does, with an identifier and a counter. */
async function writeReference(path: string, table: ReturnType<typeof rows>): Promise<void> {
  const lines = table.map(
    ({ color, fresh, sold, size, y }, i) =>
      `${i},u-${i}x,${color},${fresh ? 'True' : 'False'},${sold},${size ?? ''},${y}`,
  );
  await writeFile(path, `,key,color,fresh,sold,size,y\n${lines.join('\n')}\n`);
}

async function withReference(t: TestContext) {
  const path = join(temporaryDirectory(t), 'reference.csv');
  const { app } = await buildTestApp(t, [], { maxRows: 1000 }, { TRAIN_DATA: path, TRAIN_TARGET: 'y' });
  return { app, path };
}

test('feedback is mixed with a reference of texts, whose identifiers stay left out', async (t) => {
  const { app, path } = await withReference(t);
  await train(app, { instances: rows(60, ['red', 'blue']), target: 'y' });
  await writeReference(path, rows(50, ['red', 'orange']));
  await feedback(app, { instances: rows(60, ['red', 'green'], 60), target: 'y' });
  const mixed = await train(app, { source: 'feedback', mix_reference: true });
  assert.equal(mixed.rows, 110);
  const { columns } = await card(app);
  assert.deepEqual(levelsOf({ columns }), ['green', 'orange', 'red']);
  const types = Object.fromEntries(columns.map(({ name, type }: { name: string; type: string }) => [name, type]));
  assert.deepEqual(types, { color: 'category', fresh: 'boolean', sold: 'timestamp', size: 'number' });
});

test('a column without any value in the feedback is still what the serving model says', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  const gappy = rows(60, ['red', 'blue']).map((row, i) =>
    i % 4 ? row : { ...row, color: null, sold: null, fresh: null },
  );
  await train(app, { instances: gappy, target: 'y' });
  const empty = rows(40, ['red'], 60).map((row) => ({ ...row, color: null, sold: null, fresh: null }));
  assert.equal((await feedback(app, { instances: empty, target: 'y' })).json().rows, 40);
  await train(app, { source: 'feedback' });
  const { columns } = await card(app);
  assert.deepEqual(levelsOf({ columns }), ['blue', 'red']);
});

test('unknown levels are bounded in number and length', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000, bodyLimit: 2 ** 22 }, { FEEDBACK_ROWS: '3000' });
  await train(app, { instances: rows(60, ['red', 'blue']), target: 'y' });
  const many = rows(900, ['red']).map((row, i) => ({
    ...row,
    color: i % 2 ? `level ${i}` : 'x'.repeat(300 + (i % 3)),
  }));
  const response = await largeFeedback(app, { instances: many, target: 'y' });
  assert.equal(response.statusCode, 200, response.body);
  await feedback(app, {
    instances: many.map((row, i) => ({ ...row, color: `other ${i}` })),
    target: 'y',
  });
  assert.equal((await train(app, { source: 'feedback' })).rows, 1800);
  const levels = levelsOf(await card(app));
  assert.ok(levels.length <= 1000 && levels.every((level) => level.length <= 256));
});

test('a training on feedback keeps how the serving model writes its numbers', async (t) => {
  const { app } = await buildTestApp(t, [], { maxRows: 1000 });
  const lines = rows(60, ['red', 'blue']).map(
    ({ color, y }, i) => `${color};${1000 + 7 * i},5 €;${Math.round(y * 10)}`,
  );
  const csv = { 'content-type': 'text/csv' };
  const trained = await app.inject({
    method: 'POST',
    url: '/train?wait=true&epochs=2&promote=always&target=y',
    headers: csv,
    payload: `color;price;y\n${lines.join('\n')}\n`,
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const instances = Array.from({ length: 40 }, (_, i) => ({
    color: i % 2 ? 'red' : 'blue',
    price: 1000 + 3 * i,
    y: i,
  }));
  assert.equal((await feedback(app, { instances, target: 'y' })).json().rows, 40);
  await train(app, { source: 'feedback' });
  const { columns } = await card(app);
  const { notation } = columns.find(({ name }: { name: string }) => name === 'price');
  assert.deepEqual(notation, { decimal: ',', unit: '€' });
});
