import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import type { DriftEvent } from '../../../src/drift/monitor/alarms.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import type { MonitorOptions } from '../../../src/drift/monitor/monitor-options.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';

const NAMES = ['age', 'income', 'rooms'];
const TARGETS = [{ min: -5, max: 5 }];

/** Independent rows: a normal age, a log-normal income, and a number of rooms; the prediction follows the age. */
function draw(random: Random, count: number): HeldOut {
  const rows = new Float32Array(3 * count);
  const outputs = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    const age = random.normal();
    rows.set([40 + 10 * age, Math.exp(10 + random.normal()), 1 + random.below(6)], 3 * r);
    outputs[r] = age;
  }
  return { count, rows, outputs, errors: Float32Array.from(rows.subarray(0, count), () => random.uniform()) };
}

function baselineOf(rows: number): Baseline {
  return makeBaseline(draw(createRandom(rows), rows), NAMES, ['price'], 1, TARGETS);
}

const small = baselineOf(864);
const large = baselineOf(5000);

/** A monitor, and the events of its guards. */
function watch(baseline: Baseline, options: Partial<MonitorOptions> = {}) {
  const events: DriftEvent[] = [];
  const onEvent = (event: DriftEvent) => {
    if (event.group === 'guards') events.push(event);
  };
  return { monitor: new DriftMonitor(baseline, { clock: () => 1e12, onEvent, ...options }), events };
}

/** Sends rows one by one, `change`d in one of `oneIn`, until an alarm. Returns the changed rows sent, or undefined without an alarm. */
function changedUntilAlarm(
  baseline: Baseline,
  change: (row: Float32Array, outputs: Float32Array) => void,
  { oneIn = 200, max = 20_000, seed = 1 } = {},
): number | undefined {
  const random = createRandom(seed);
  const { monitor, events } = watch(baseline);
  let changed = 0;
  for (let r = 1; r <= max; r++) {
    const { rows, outputs, errors } = draw(random, 1);
    if (r % oneIn === 0) {
      change(rows, outputs);
      changed++;
    }
    monitor.observe(rows, 1, outputs, errors);
    if (events.length > 0) return changed;
  }
  return undefined;
}

function guards(monitor: DriftMonitor) {
  return monitor.report().guards;
}

test('a few values far out of the range raise the alarm, however rare they are', () => {
  for (const [baseline, oneIn] of [
    [small, 200],
    [large, 200],
    [small, 2000],
  ] as const) {
    for (const value of [2 ** 31, -32768, 1e12, -1e30, 1e38]) {
      for (const feature of [0, 2]) {
        const changed = changedUntilAlarm(baseline, (row) => row.fill(value, feature, feature + 1), { oneIn });
        assert.ok(changed !== undefined && changed <= 4, `${value} in ${NAMES[feature]}, 1 in ${oneIn}: ${changed}`);
      }
    }
  }
});

test('values just out of the range raise the alarm once they are too frequent for the number of held-out rows', () => {
  const changed = changedUntilAlarm(large, (row) => row.fill(0, 2, 3), { oneIn: 150 });
  assert.ok(changed !== undefined && changed <= 24, `${changed} rows`);
  // 864 rows cannot rule out that one row in 500 has such a value.
  assert.equal(
    changedUntilAlarm(small, (row) => row.fill(0, 2, 3), { oneIn: 500, max: 10_000 }),
    undefined,
  );
});

test('missing values in one row of 100 raise the alarm if no held-out row misses any', () => {
  const changed = changedUntilAlarm(large, (row) => row.fill(Number.NaN, 1, 2), { oneIn: 100 });
  assert.ok(changed !== undefined && changed <= 12, `${changed} rows`);
});

test('one prediction far out of the range of all targets raises the alarm, and is named', () => {
  const { monitor, events } = watch(large);
  const { rows, outputs, errors } = draw(createRandom(2), 100);
  outputs[60] = -1e14;
  monitor.observe(rows, 100, outputs, errors);
  assert.equal(monitor.report().detected, true);
  assert.deepEqual(
    events.map(({ type, cause }) => [type, cause]),
    [['raised', { by: 'chart', kind: 'output', name: 'price' }]],
  );
  const [found] = guards(monitor);
  assert.equal(found!.name, 'price');
  assert.deepEqual([found!.kind, found!.detected, found!.implausible_rows], ['output', true, 1]);
  assert.match(
    found!.words,
    /^1 row out of the range -5 to 5 of all targets and held-out predictions, the furthest -1e\+14, 1e\+13 ranges away$/,
  );
});

/** Independent rows of three columns without heavy tails, so that no prediction goes far; the prediction follows the first. */
function drawLight(random: Random, count: number, value: () => number): HeldOut {
  const rows = Float32Array.from({ length: 3 * count }, () => 40 + 10 * value());
  const outputs = Float32Array.from({ length: count }, (_, r) => (rows[3 * r]! - 40) / 10);
  return { count, rows, outputs, errors: Float32Array.from({ length: count }, () => random.uniform()) };
}

test('one prediction several ranges out raises the alarm if no input has a tail that may explain it', () => {
  const random = createRandom(12);
  for (const [heldOut, value] of [
    [5000, () => random.normal()],
    [1000, () => 3 * random.uniform() - 1.5],
  ] as const) {
    const baseline = makeBaseline(drawLight(random, heldOut, value), NAMES, ['price'], 1, TARGETS);
    for (const ranges of [-8, -3.9, 3.9, 5, 8]) {
      const { monitor, events } = watch(baseline);
      for (let i = 0; i < 6; i++) {
        const { rows, outputs, errors } = drawLight(random, 100, value);
        if (i === 5) outputs[60] = Math.sign(ranges) * 5 + 10 * ranges;
        monitor.observe(rows, 100, outputs, errors);
        assert.equal(events.length, i === 5 ? 1 : 0, `${ranges} ranges, ${heldOut} held out`);
      }
      assert.equal(monitor.report().detected, true);
      assert.equal(guards(monitor)[0]!.implausible_rows, 1);
    }
  }
});

test('where an input has a heavy tail, a few predictions several ranges out raise the alarm, and one does not', () => {
  for (const baseline of [small, large]) {
    const { monitor, events } = watch(baseline);
    const random = createRandom(13);
    let strays = 0;
    for (; strays < 4 && events.length === 0; strays++) {
      assert.equal(monitor.report().detected, false);
      const { rows, outputs, errors } = draw(random, 100);
      outputs[60] = 5 + 10 * [8, 7, 6, 8][strays]!;
      monitor.observe(rows, 100, outputs, errors);
    }
    assert.deepEqual([events.length, strays > 1, strays <= 4], [1, true, true], `${strays} rows`);
    assert.match(guards(monitor)[0]!.words, /of \d+ rows out of the range/);
  }
});

test('a prediction at the edge of all targets is plausible, even beyond all held-out predictions', () => {
  const { monitor, events } = watch(large);
  const { rows, outputs, errors } = draw(createRandom(2), 100);
  outputs[60] = 4.9;
  monitor.observe(rows, 100, outputs, errors);
  assert.deepEqual(events, []);
  assert.deepEqual(guards(monitor), []);
});

test('rows without a finite prediction raise the alarm, although no other test sees them', () => {
  const { monitor, events } = watch(small);
  const { rows } = draw(createRandom(3), 2);
  rows[3] = 3e38;
  monitor.observeRefused(rows, [1]);
  assert.equal(events.length, 1);
  assert.equal(monitor.report().rows, 0);
  const words = guards(monitor).map((guard) => [guard.name, guard.implausible_rows, guard.furthest]);
  assert.deepEqual(words.sort(), [
    ['age', 1, Math.fround(3e38)],
    ['price', 1, null],
  ]);
  JSON.stringify(monitor.state());
});

test('implausible values are looked for in all rows of a large request, of which few are counted', () => {
  const { monitor, events } = watch(small);
  const { rows, outputs, errors } = draw(createRandom(4), 20_000);
  for (const r of [5001, 9999, 14_003, 17_007]) rows[3 * r] = 1e12;
  monitor.observe(rows, 20_000, outputs, errors);
  assert.equal(monitor.report().rows, 250);
  assert.equal(events.length, 1);
  assert.equal(guards(monitor)[0]!.implausible_rows, 4);
});

test('a column that was constant takes other values without a division by zero', () => {
  const random = createRandom(5);
  const constant = (value: number, count: number): HeldOut => {
    const held = draw(random, count);
    for (let r = 0; r < count; r++) held.rows[3 * r + 2] = value;
    return held;
  };
  const { monitor, events } = watch(makeBaseline(constant(7, 864), NAMES, ['price'], 1, TARGETS));
  for (let i = 0; i < 5; i++) {
    const held = constant(7, 200);
    held.rows[3 * 50 + 2] = 2 ** 31;
    monitor.observe(held.rows, 200, held.outputs, held.errors);
  }
  assert.equal(events[0]?.cause?.name, 'rooms');
  const [found] = guards(monitor);
  assert.equal(found!.furthest_ranges, null);
  assert.match(found!.words, /rows other than 7 of the held-out rows, the furthest 2147483648$/);
});

test('a few values several ranges out of a light-tailed column raise the alarm, also in the first rows after a start', () => {
  for (const [baseline, far] of [
    // Few rows do not rule out rows of another kind, unless their values are equal.
    [baselineOf(150), [40, 40, 40]],
    [baselineOf(150), [40, -50, 60, 45, -55, 65, 70, 75]],
    [baselineOf(400), [27, 27, 27]],
    [baselineOf(400), [27, -40, 60, 45]],
    [small, [27, -40, 60]],
    [baselineOf(2000), [27, -40, 60]],
    [large, [27, -40, 60]],
  ] as const) {
    for (const quiet of [0, 1000]) {
      for (const perRequest of [1, 100]) {
        const random = createRandom(21);
        const { monitor, events } = watch(baseline);
        const send = (count: number, ages: readonly number[]) => {
          const { rows, outputs, errors } = draw(random, count);
          // Standard deviations of the age.
          for (const [i, age] of ages.entries()) rows[3 * (20 + 60 * i)] = 40 + 10 * age;
          for (let r = 0; r < count; r += perRequest) {
            monitor.observe(rows.subarray(3 * r), perRequest, outputs.subarray(r), errors.subarray(r));
          }
        };
        send(quiet, []);
        assert.deepEqual(events, []);
        send(60 * far.length + 20, far);
        const { detected, groups } = monitor.report();
        assert.equal(detected, true, `${baseline.rows} held out, after ${quiet} rows, ${perRequest} per request`);
        assert.deepEqual(groups.find(({ group }) => group === 'guards')?.cause, {
          by: 'chart',
          kind: 'feature',
          name: 'age',
        });
      }
    }
  }
});

test('values several ranges out are looked for in all rows of a large request', () => {
  const { monitor, events } = watch(large);
  const { rows, outputs, errors } = draw(createRandom(22), 10_000);
  for (const r of [5001, 5081, 5163]) rows[3 * r] = 440;
  monitor.observe(rows, 10_000, outputs, errors);
  assert.equal(events.length, 1);
  assert.match(guards(monitor)[0]!.words, /^3 of 163 rows out of the range/);
});

test('the same values in a column whose held-out rows have such a tail, or in one row that is retried, are no alarm', () => {
  const random = createRandom(23);
  const { monitor, events } = watch(large);
  const { rows, outputs, errors } = draw(random, 200);
  // Several ranges out of a log-normal column.
  for (const r of [20, 80, 140]) rows[3 * r + 1] = 3 * Math.max(...large.features[1]!.grid.values);
  monitor.observe(rows, 200, outputs, errors);
  const far = draw(random, 1);
  far.rows[0] = 40 + 10 * 27;
  for (let i = 0; i < 40; i++) monitor.observe(far.rows, 1, far.outputs, far.errors);
  assert.deepEqual(events, []);
});

test('a column in another unit from the first row on raises the alarm within the first blocks', () => {
  for (const [baseline, rows] of [
    [small, 100],
    [large, 100],
    [baselineOf(400), 200],
  ] as const) {
    const random = createRandom(24);
    const { monitor, events } = watch(baseline);
    for (let r = 0; r < rows; r++) {
      const held = draw(random, 1);
      // 5 standard deviations out, a range away at most.
      held.rows[0] = 90 + (held.rows[0]! - 40) / 4;
      monitor.observe(held.rows, 1, held.outputs, held.errors);
    }
    assert.equal(events.length, 1, `${baseline.rows} held out`);
    assert.match(guards(monitor)[0]!.words, /^\d+ of \d+ rows out of the range/);
    assert.equal(guards(monitor)[0]!.name, 'age');
  }
});

test('a column that is missing from the first row on raises the alarm within 100 rows if no held-out row misses any', () => {
  const { monitor, events } = watch(large);
  const { rows, outputs, errors } = draw(createRandom(25), 100);
  for (let r = 0; r < 100; r++) {
    if (r % 2) rows[3 * r] = Number.NaN;
  }
  monitor.observe(rows, 100, outputs, errors);
  assert.equal(events.length, 1);
  assert.match(guards(monitor)[0]!.words, /^missing in 50 of 100 rows/);
});

test('the extreme rows of a sorted day, or one row out of range that is retried, are no alarm in the first blocks', () => {
  const day = draw(createRandom(26), 5000);
  for (const baseline of [small, large, baselineOf(400)]) {
    for (const column of [0, 1]) {
      for (const sign of [-1, 1]) {
        const order = Array.from({ length: 5000 }, (_, r) => r).sort(
          (a, b) => sign * (day.rows[3 * a + column]! - day.rows[3 * b + column]!),
        );
        const { monitor, events } = watch(baseline);
        for (const r of order.slice(0, 400)) {
          monitor.observe(day.rows.subarray(3 * r, 3 * r + 3), 1, day.outputs.subarray(r), day.errors.subarray(r));
        }
        assert.deepEqual(events, [], `${baseline.rows} held out, column ${column}, ${sign}`);
      }
    }
    const { monitor, events } = watch(baseline);
    const { rows, outputs, errors } = draw(createRandom(27), 1);
    rows[0] = 95;
    for (let i = 0; i < 300; i++) monitor.observe(rows, 1, outputs, errors);
    assert.deepEqual(events, []);
  }
});

test('one request that is retried is one event, unless its values are implausible', () => {
  const { monitor, events } = watch(large);
  const { rows, outputs, errors } = draw(createRandom(6), 1);
  // Out of the range by a little.
  rows[2] = 7;
  for (let i = 0; i < 40; i++) monitor.observe(rows, 1, outputs, errors);
  assert.deepEqual(events, []);
  rows[2] = 1e9;
  for (let i = 0; i < 4; i++) monitor.observe(rows, 1, outputs, errors);
  assert.equal(events.length, 1);
});

test('quiet rows raise no more alarms of the guards than their share, whatever their tails', () => {
  const random = createRandom(7);
  const tails = {
    normal: () => random.normal(),
    'log-normal': () => Math.exp(1.5 * random.normal()),
    Pareto: () => 1 / (1 - random.uniform()),
    Cauchy: () => random.normal() / random.normal(),
    'rare flag': () => Number(random.uniform() < 0.002),
    'mostly 0': () => (random.uniform() < 0.95 ? 0 : Math.exp(2 * random.normal())),
  };
  for (const [name, value] of Object.entries(tails)) {
    let alarms = 0;
    for (let b = 0; b < 4; b++) {
      const rows = (count: number): HeldOut => ({
        count,
        rows: Float32Array.from({ length: 2 * count }, value),
        outputs: Float32Array.from({ length: count }, value),
        errors: Float32Array.from({ length: count }, () => random.uniform()),
      });
      const { monitor, events } = watch(makeBaseline(rows(400), ['a', 'b'], ['y'], b), { rowsPerRequest: 500 });
      for (let i = 0; i < 40; i++) {
        const { count, rows: values, outputs, errors } = rows(500);
        monitor.observe(values, count, outputs, errors);
      }
      alarms += events.filter(({ type, cause }) => type === 'raised' && cause?.by === 'chart').length;
    }
    // 80,000 rows: the charts of the guards are allowed one alarm in 2,000,000.
    assert.ok(alarms <= 1, `${name}: ${alarms} alarms`);
  }
});

test('the alarm ends some time after the last garbage, and a single odd row does not raise it again', () => {
  const random = createRandom(8);
  const { monitor, events } = watch(large);
  const send = (count: number, garbageIn: number) => {
    for (let r = 1; r <= count; r++) {
      const { rows, outputs, errors } = draw(random, 1);
      if (r % garbageIn === 0) rows[0] = -9999;
      monitor.observe(rows, 1, outputs, errors);
    }
  };
  send(6000, 200);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['raised'],
  );
  assert.equal(guards(monitor)[0]!.detected, true);
  send(3000, Number.POSITIVE_INFINITY);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['raised', 'cleared'],
  );
  send(1000, 1000);
  assert.equal(events.length, 2);
});

test('the state continues the charts; a state of an earlier version has none', () => {
  const random = createRandom(9);
  const first = watch(small).monitor;
  const garbage = () => {
    const held = draw(random, 1);
    held.rows[0] = 500;
    return held;
  };
  const send = (monitor: DriftMonitor, { rows, outputs, errors }: HeldOut) => monitor.observe(rows, 1, outputs, errors);
  const rounds = (monitor: DriftMonitor) => {
    for (let i = 0; i < 99; i++) send(monitor, draw(random, 1));
    send(monitor, garbage());
  };
  rounds(first);
  rounds(first);
  assert.equal(first.report().detected, false);
  const state = JSON.parse(JSON.stringify(first.state()));
  const { guards: _, ...earlier } = state;
  const second = watch(small);
  second.monitor.restore(state);
  const third = watch(small);
  third.monitor.restore(earlier);
  let rang = 0;
  for (; second.events.length === 0 && rang < 20; rang++) rounds(second.monitor);
  let later = 0;
  for (; third.events.length === 0 && later < 20; later++) rounds(third.monitor);
  assert.equal(later - rang, 2);
  assert.throws(
    () =>
      second.monitor.restore({
        ...state,
        guards: { ...state.guards, guards: [{ ...state.guards.guards[0], column: 9 }] },
      }),
    {
      message: /guards\/0\/column: expected less than 4, got 9/,
    },
  );
});

test('a baseline of an earlier version has no range of predictions, and absurd ones raise the alarm nevertheless', () => {
  const outputs = small.outputs.map(({ grid: _, targets: __, ...rest }) => rest);
  const { monitor, events } = watch({ ...small, outputs });
  const held = draw(createRandom(10), 100);
  held.outputs[3] = 20;
  monitor.observe(held.rows, 100, held.outputs, held.errors);
  assert.deepEqual(events, []);
  held.outputs[3] = 1e14;
  monitor.observe(held.rows, 100, held.outputs, held.errors);
  assert.equal(events.length, 1);
});

test('a rare repetition of the design effect widens the spans', () => {
  const random = createRandom(11);
  const { monitor, events } = watch(large);
  monitor.dependence.guards.fill(50);
  for (let i = 0; i < 20; i++) {
    const held = draw(random, 1);
    held.rows[2] = 7;
    monitor.observe(held.rows, 1, held.outputs, held.errors);
  }
  assert.deepEqual(events, []);
});
