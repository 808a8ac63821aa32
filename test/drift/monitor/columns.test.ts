import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../../src/base/statistics/random.js';
import type { AlarmEvent } from '../../../src/drift/monitor/alarm-evidence.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { makeBaseline } from '../../../src/model/baseline/baseline.js';
import { drawMixed, MIXED_COLUMNS, MIXED_NAMES, type MixedRow } from '../../support/mixed-rows.js';

const REQUEST = 10;
const DAY = 1440;
const NEW_LEVEL = 6;
const baseline = makeBaseline(drawMixed(3000, createRandom(1)), MIXED_NAMES, ['price'], 1, undefined, MIXED_COLUMNS);

/** Shows 1,000 ordinary rows to a monitor, then `rows` changed ones; returns the alarms. */
function observe(rows: number, change: (row: MixedRow) => void, when = {}) {
  const alarms: AlarmEvent[] = [];
  const onEvent = (event: AlarmEvent) => {
    if (event.type === 'raised') alarms.push(event);
  };
  const monitor = new DriftMonitor(baseline, { clock: () => 0, onEvent });
  const random = createRandom(9);
  for (let r = 0; r < 1000 + rows; r += REQUEST) {
    const drawn = drawMixed(REQUEST, random, r < 1000 ? undefined : change, when);
    monitor.observe(drawn.rows, REQUEST, drawn.outputs, drawn.errors);
  }
  return { monitor, alarms, report: monitor.report() };
}

/** The words of the first column of the first alarm of a group. */
function wordsOf(alarms: readonly AlarmEvent[], group: string): string {
  const [first] = alarms.find((alarm) => alarm.group === group)?.evidence?.columns ?? [];
  return first ? `${first.name}: ${first.words}` : 'no alarm';
}

test('rows like the held-out ones, also of another year, raise no alarm', () => {
  const none = () => {};
  assert.deepEqual(observe(3000, none).alarms, []);
  assert.deepEqual(observe(3000, none, { start: 400 }).alarms, []);
});

test('a new level raises the alarm of the guards, and is described', () => {
  const random = createRandom(2);
  const { alarms, report } = observe(1000, (row) => {
    if (random.uniform() < 0.05) row[1] = NEW_LEVEL;
  });
  assert.match(wordsOf(alarms, 'guards'), /^heating: \d+ % of rows have a level that the training did not have$/);
  const [guard] = report.guards;
  assert.equal(guard?.furthest, null);
  assert.match(guard!.words, /^\d+ of \d+ rows with a level that the training did not have$/);
  const column = report.windows[0]!.columns.find(({ name }) => name === 'heating')!;
  assert.ok(column.new_level! > 0.03 && column.new_level! < 0.07, String(column.new_level));
  assert.equal(column.above_range, 0);
  assert.equal(column.type, 'category');
  assert.deepEqual(column.levels, ['gas', 'electric', 'oil', 'wood', '2 others', 'new level']);
  assert.deepEqual(column.edges, []);
  assert.equal(column.mean_shift, null);
});

for (const [name, change, words] of [
  [
    'a level that is gone',
    (row) => (row[1] = row[1] === 3 ? 2 : row[1]),
    /^heating: level "oil" is gone \(10 % of the held-out rows\)/,
  ],
  [
    'a rare level that is frequent',
    (row) => (row[1] = row[0] > 4.5 ? 0 : row[1]),
    /^heating: level "coal", which was rare, is frequent/,
  ],
  [
    'one level in all rows',
    (row) => (row[1] = 2),
    /^heating: level "gas" is 1.8 times as frequent \(100 % of rows instead of 55 %\)/,
  ],
  [
    'a truth value that is always false',
    (row) => (row[2] = 0),
    /^pool: level "no" is 1.6 times as frequent \(100 % of rows/,
  ],
] as const satisfies readonly (readonly [string, (row: MixedRow) => unknown, RegExp])[]) {
  test(`${name} raises an alarm, and is described`, () => {
    const { alarms } = observe(1000, change);
    assert.match(wordsOf(alarms, 'features'), words);
  });
}

test('a weekday that vanished raises an alarm, and is named', () => {
  const { alarms } = observe(1000, (row) => {
    if ((Math.floor(row[3] / DAY) + 2) % 7 === 0) row[3] += DAY;
  });
  assert.match(wordsOf(alarms, 'features'), /^sold \(weekday\): Monday is gone \(1\d % of the held-out rows\)/);
});

test('a time that was lost is described', () => {
  const { alarms } = observe(1000, (row) => {
    row[3] -= row[3] % DAY;
  });
  assert.equal(wordsOf(alarms, 'features'), 'sold (time of day): 100 % of rows at 00:00');
});

test('rows in the order of time, as live traffic has them, raise no alarm for that', () => {
  for (const step of [0.2, 3]) {
    let now = 400 * DAY;
    const { alarms } = observe(8000, (row) => {
      now += step;
      // At night, there is no traffic.
      if (now % DAY > 17 * 60 || now % DAY < 8 * 60) now = (Math.floor(now / DAY) + 1) * DAY + 8 * 60;
      row[3] = Math.round(now);
    });
    assert.deepEqual(alarms, [], `a row every ${step} minutes`);
  }
});

test('where the model knows no trend, the alarm of its results names the time', () => {
  const alarms: AlarmEvent[] = [];
  const monitor = new DriftMonitor(baseline, { clock: () => 0, onEvent: (event) => alarms.push(event) });
  const random = createRandom(8);
  for (let r = 0; r < 1000; r += REQUEST) {
    const drawn = drawMixed(REQUEST, random, undefined, { start: 500 });
    monitor.observe(
      drawn.rows,
      REQUEST,
      drawn.outputs,
      drawn.errors.map((error) => 3 * error),
    );
  }
  assert.match(
    wordsOf(alarms, 'error'),
    /^sold: 100 % of rows are later than all held-out ones \(2020-12-3\d.*\): the model knows no trend there$/,
  );
});

for (const [year, words] of [
  [1970, /^sold: .*the furthest 1970-01-01T00:00:00Z$/],
  [2099, /^sold: .*the furthest 2099-01-01T00:00:00Z$/],
] as const) {
  test(`dates of ${year}, a default, are implausible`, () => {
    const random = createRandom(3);
    const { alarms, report } = observe(1000, (row) => {
      if (random.uniform() < 0.005) row[3] = (Date.UTC(year, 0, 1) - Date.UTC(2020, 0, 1)) / 60_000;
    });
    assert.match(wordsOf(alarms, 'guards'), words);
    const [guard] = report.guards;
    assert.equal(guard!.furthest_time, `${year}-01-01T00:00:00Z`);
    assert.equal(guard!.furthest, null);
    assert.ok(guard!.implausible_rows > 0);
  });
}

test('more gaps than in training raise an alarm, and so do none', () => {
  const random = createRandom(4);
  const more = observe(1000, (row) => {
    if (random.uniform() < 0.25) row[4] = Number.NaN;
  });
  assert.match(wordsOf(more.alarms, 'guards'), /^tax: \d\d % of rows missing instead of 20 %/);
  const filled = observe(1000, (row) => {
    if (Number.isNaN(row[4])) row[4] = row[0] / 2 + 0.3 * random.normal();
  });
  assert.match(wordsOf(filled.alarms, 'guards'), /^tax: 0 % of rows missing instead of 20 %/);
});

test('a category whose values come from other rows no longer depends on the others', () => {
  const random = createRandom(5);
  const { alarms } = observe(1000, (row) => {
    const [other] = [drawMixed(1, random).rows[1]!];
    row[1] = other;
  });
  assert.match(
    wordsOf(alarms, 'conditional'),
    /^heating: no longer depends on the other features as before: correlation/,
  );
  assert.equal(wordsOf(alarms, 'guards'), 'no alarm');
});

test('one row is explained by its columns as they come in', () => {
  const monitor = new DriftMonitor(baseline, { clock: () => 0 });
  const row = Float32Array.of(3, NEW_LEVEL, 1, -30 * 365 * DAY, Number.NaN);
  const { out_of_range, conditional_residuals } = monitor.explain(row, Float32Array.of(4), 1);
  assert.deepEqual(out_of_range, ['sold']);
  assert.deepEqual(
    conditional_residuals.map(({ feature }) => feature),
    ['size', 'heating', 'pool'],
  );
});

test('the state of a monitor of columns is restored', () => {
  const { monitor, report } = observe(700, (row) => (row[1] = 2));
  const restored = new DriftMonitor(baseline, { clock: () => 0 });
  restored.restore(JSON.parse(JSON.stringify(monitor.state())));
  assert.equal(JSON.stringify(restored.report().groups), JSON.stringify(report.groups));
});

test('a state whose alarms were raised by an earlier release, without types, is restored', () => {
  const { monitor } = observe(700, (row) => (row[1] = 2));
  const state = JSON.parse(JSON.stringify(monitor.state(), (key, value) => (key === 'type' ? undefined : value)));
  const restored = new DriftMonitor(baseline, { clock: () => 0 });
  restored.restore(state);
  assert.equal(restored.report().groups[0]!.detected, true);
});

test('a column without any value in the held-out rows rings once it has values', () => {
  const empty = (drawn: ReturnType<typeof drawMixed>) => ({
    ...drawn,
    rows: drawn.rows.map((value, at) => (at % 5 === 1 || at % 5 === 4 ? Number.NaN : value)),
  });
  const columns = MIXED_COLUMNS.map((column) => ({ ...column, missing: 0.9 }));
  const held = empty(drawMixed(1000, createRandom(1)));
  const alarms: AlarmEvent[] = [];
  const monitor = new DriftMonitor(makeBaseline(held, MIXED_NAMES, ['price'], 1, undefined, columns), {
    clock: () => 0,
    onEvent: (event) => alarms.push(event),
  });
  const random = createRandom(2);
  for (let r = 0; r < 1000; r += REQUEST) {
    const drawn = drawMixed(REQUEST, random);
    monitor.observe(drawn.rows, REQUEST, drawn.outputs, drawn.errors);
  }
  assert.match(wordsOf(alarms, 'guards'), /^(heating: 0|tax: \d\d) % of rows missing instead of 100 %/);
  const restored = new DriftMonitor(makeBaseline(held, MIXED_NAMES, ['price'], 1, undefined, columns), {
    clock: () => 0,
  });
  restored.restore(JSON.parse(JSON.stringify(monitor.state())));
});

test('the smallest baseline has charts whose state is restored', () => {
  const smallest = makeBaseline(drawMixed(20, createRandom(1)), MIXED_NAMES, ['price'], 1, undefined, MIXED_COLUMNS);
  const monitor = new DriftMonitor(smallest, { clock: () => 0 });
  const { rows, outputs, errors } = drawMixed(100, createRandom(2));
  monitor.observe(rows, 100, outputs, errors);
  const restored = new DriftMonitor(smallest, { clock: () => 0 });
  restored.restore(JSON.parse(JSON.stringify(monitor.state())));
  assert.equal(restored.report().filled_rows, 100);
});
