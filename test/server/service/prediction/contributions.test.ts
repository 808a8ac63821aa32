import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MEMORY } from '../../../../src/base/node/memory-limits.js';
import { TimeSlice } from '../../../../src/base/node/time-slice.js';
import { createRandom } from '../../../../src/base/statistics/random.js';
import { explain, leastLength } from '../../../../src/server/service/drift/explanation.js';
import {
  contributionBytes,
  contributionsOf,
  RowContributions,
} from '../../../../src/server/service/prediction/contributions.js';
import { buildTestApp, type TestApp } from '../../../support/test-app.js';

interface Reply {
  readonly predictions: number[][];
  readonly explanations: {
    readonly missing: string[];
    readonly unknown_levels?: string[];
    readonly contributions: {
      readonly target: string;
      readonly base_value: number;
      readonly values: Record<string, number>;
      readonly standard_error: number;
    }[];
  }[];
}

async function train({ app }: TestApp, instances: object[], target: string): Promise<void> {
  const payload = [Object.keys(instances[0]!), ...instances.map((row) => Object.values(row))].join('\n');
  const headers = { 'content-type': 'text/csv' };
  const url = `/train?wait=true&epochs=20&target=${target}`;
  const trained = await app.inject({ method: 'POST', url, headers, payload });
  assert.equal(trained.statusCode, 200, trained.body);
  // Whatever the gate says of it.
  const activated = await app.inject({ method: 'POST', url: '/models/1/activate' });
  assert.equal(activated.statusCode, 200, activated.body);
}

async function predict({ app }: TestApp, instances: unknown[]): Promise<Reply> {
  const reply = await app.inject({ method: 'POST', url: '/predict?explain=true', payload: { instances } });
  assert.equal(reply.statusCode, 200, reply.body);
  return reply.json();
}

/** Asserts that base values and contributions add up to the predictions. */
function assertAddsUp({ predictions, explanations }: Reply, features: readonly string[]): void {
  explanations.forEach(({ contributions }, row) => {
    contributions.forEach(({ base_value, values }, t) => {
      assert.deepEqual(Object.keys(values), features);
      const sum = Object.values(values).reduce((a, b) => a + b, base_value);
      const prediction = predictions[row]![t]!;
      assert.ok(Math.abs(sum - prediction) <= 1e-5 * Math.abs(prediction), `row ${row}, ${t}: ${sum}, ${prediction}`);
    });
  });
}

test('contributions add up to the prediction: texts, dates, gaps, new levels, several targets, one of them learned as its logarithm', async (t) => {
  const built = await buildTestApp(t, [], { maxRows: 1000 });
  const random = createRandom(1);
  const towns = ['Ulm', 'Bonn', 'Kiel'];
  const instances = Array.from({ length: 600 }, () => {
    const size = 50 + 20 * random.uniform();
    const town = random.below(3);
    const sold = new Date(Date.UTC(2024, 0, 1 + random.below(365))).toISOString().slice(0, 10);
    const tax = random.uniform() < 0.2 ? null : size / 10 + random.normal();
    const price = Math.exp(size / 10 + town + 0.1 * random.normal());
    return { size, town: towns[town], sold, tax, price, rooms: size / 20 + town };
  });
  await train(built, instances, 'price,rooms');
  const card = (await built.app.inject({ url: '/model' })).json();
  assert.equal(card.target_transforms?.[0].method, 'log1p');
  const rows = [
    ...instances.slice(0, 5).map(({ size, town, sold, tax }) => ({ size, town, sold, tax })),
    { size: 60, town: 'Rome', sold: '2031-02-03', tax: null },
    { size: 6000, town: 'Ulm', sold: '1999-02-03', tax: -4 },
  ];
  const reply = await predict(built, rows);
  assertAddsUp(reply, ['size', 'town', 'sold', 'tax']);
  for (const { contributions } of reply.explanations) {
    assert.deepEqual(
      contributions.map(({ target, standard_error }) => [target, standard_error]),
      [
        ['price', 0],
        ['rooms', 0],
      ],
    );
  }
  const [price] = reply.explanations[0]!.contributions;
  // The median is exp(6.0 + 1), the mean is higher: the base value is in the units of the target.
  assert.ok(price!.base_value > 600 && price!.base_value < 4000, `${price!.base_value}`);
  assert.deepEqual(reply.explanations[5]!.unknown_levels, ['town']);
  assert.deepEqual((await predict(built, rows)).explanations, reply.explanations, 'the same again');
  const [alone] = (await predict(built, [rows[2]])).explanations;
  assert.deepEqual(alone!.contributions[0]!.values['town'], reply.explanations[2]!.contributions[0]!.values['town']);
});

test('a table of a dozen rows, and one of two columns without a baseline: the background is the row of their means', async (t) => {
  const built = await buildTestApp(t, []);
  const instances = Array.from({ length: 12 }, (_, i) => ({
    a: ((5 * i) % 13) + 0.5,
    b: (7 * i) % 5,
    y: 3 * ((5 * i) % 13) + (i % 2),
  }));
  await train(built, instances, 'y');
  const { mean } = (await built.app.inject({ url: '/model' })).json().scalers.features;
  const reply = await predict(built, [[3, 1], mean]);
  assertAddsUp(reply, ['a', 'b']);
  const [, atMean] = reply.explanations;
  assert.deepEqual(
    Object.values(atMean!.contributions[0]!.values).map((value) => Math.abs(value) < 1e-5),
    [true, true],
  );
});

test('a constant target is its base value, and no column contributes', async (t) => {
  const built = await buildTestApp(t, []);
  const random = createRandom(2);
  const instances = Array.from({ length: 200 }, () => ({ a: random.normal(), b: random.normal(), y: 5 }));
  await train(built, instances, 'y');
  const reply = await predict(built, [[1, 2]]);
  assertAddsUp(reply, ['a', 'b']);
  const [{ base_value, values }] = reply.explanations[0]!.contributions as [
    Reply['explanations'][0]['contributions'][0],
  ];
  assert.ok(Math.abs(base_value - 5) < 1e-3);
  for (const value of Object.values(values)) assert.ok(Math.abs(value) < 1e-3, `${value}`);
});

test('one column, 11 and 200 columns; from 11 on with a standard error', async (t) => {
  for (const count of [1, 11, 200]) {
    const features = Array.from({ length: count }, (_, j) => `x${j}`);
    const built = await buildTestApp(t, features);
    const rows = [features.map((_, j) => Math.sin(j + 1)), features.map((_, j) => 3 * j)];
    const reply = await predict(built, rows);
    assertAddsUp(reply, features);
    const [first] = reply.explanations;
    assert.equal(first!.contributions[0]!.standard_error > 0, count > 10, `${count} columns`);
  }
});

test('too many rows are refused before they are predicted, with the number that is possible', async (t) => {
  const { service } = await buildTestApp(t, ['a', 'b', 'c']);
  const { serving } = service;
  assert.equal(contributionBytes(10, serving), 10 * 8 * 4);
  assert.throws(
    () => contributionBytes(1e9, serving),
    (error: { code?: string; message?: string }) =>
      error.code === 'TOO_LARGE' && /^explain: expected at most \d+ rows, got 1000000000/.test(error.message!),
  );
});

test('explanations that would take more memory than there is are refused before a row is explained', async (t) => {
  // With these names the explanations of a row have six kilobytes.
  const built = await buildTestApp(
    t,
    Array.from({ length: 10 }, (_, j) => `${j}`.padEnd(200, 'x')),
    { maxRows: 1e6, bodyLimit: 2 ** 24 },
  );
  const url = await built.app.listen({ port: 0, host: '127.0.0.1' });
  const response = await fetch(`${url}/predict?explain=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(Array.from({ length: MEMORY.requests / 2048 }, () => Array(10).fill(1))),
    // To explain all of them takes longer.
    signal: AbortSignal.timeout(15_000),
  });
  assert.equal(response.status, 413);
  assert.match(await response.text(), /with its rows and its reply, expected at most \d+; send fewer rows/);
});

test('the length of an explanation is bounded from below by that of its words', async (t) => {
  const { app, service } = await buildTestApp(t, ['a', 'b', 'c']);
  const reply = await app.inject({ method: 'POST', url: '/predict?explain=true', payload: [[1, 2, 3]] });
  const { length } = JSON.stringify(reply.json().explanations[0]);
  const least = leastLength(service.serving.card);
  assert.ok(least < length && least > length / 3, `${least} of ${length}`);
});

test('other work goes on while many rows are explained, and they are not once their client has gone', async (t) => {
  const { service } = await buildTestApp(t, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  const rows = Float32Array.from({ length: 8 * 2000 }, (_, at) => Math.sin(at));
  await service.hold(async (serving) => {
    const observation = await service.predictInSlices(serving, rows, 2000, new TimeSlice());
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      for (; !isOver; turns++) await nextTurn();
    })();
    const all = await contributionsOf(observation, new TimeSlice(), () => false);
    isOver = true;
    await others;
    assert.equal(all.count, 2000);
    // Two seconds in slices of four milliseconds.
    assert.ok(turns > 50, `${turns} turns`);

    let asked = 0;
    const few = await contributionsOf(observation, new TimeSlice(), () => ++asked > 3);
    assert.equal(few.count, 3);
    assert.deepEqual(few.of(2), all.of(2));
    assert.equal(few.of(3), undefined);
  });
});

test('contributions that are not finite are null', async (t) => {
  const { service, drift } = await buildTestApp(t, ['a', 'b', 'c']);
  const observation = service.predict(Float32Array.of(1, 2, 3), 1);
  const finite = {
    baseValues: Float64Array.of(1),
    values: Float64Array.of(1, 2, 3),
    standardErrors: Float64Array.of(0),
  };
  const explained = (ofRow: typeof finite) => {
    const contributions = new RowContributions(1, observation.serving.card);
    contributions.add(ofRow);
    return explain({ ...observation, contributions }, drift)[0]!.contributions;
  };
  assert.deepEqual(explained(finite)![0]!.values, { a: 1, b: 2, c: 3 });
  assert.equal(explained({ ...finite, values: Float64Array.of(1, Number.NaN, 3) }), null);
  assert.equal(explained({ ...finite, standardErrors: Float64Array.of(Number.POSITIVE_INFINITY) }), null);
});
