import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';

const NAMES = ['a', 'b', 'c'];
type Row = [number, number, number];

/** Three features, of which b depends on a. */
function drawRow(random: Random): Row {
  const a = random.normal();
  return [a, 0.8 * a + 0.6 * random.normal(), random.normal()];
}

function drawRows(random: Random, count: number, change: (row: Row) => void = () => {}): Row[] {
  return Array.from({ length: count }, () => {
    const row = drawRow(random);
    change(row);
    return row;
  });
}

const shift = (by: number) => (row: Row) => {
  row[0] += by;
};

function toHeldOut(rows: readonly Row[]): HeldOut {
  return {
    count: rows.length,
    rows: Float32Array.from(rows.flat()),
    outputs: Float32Array.from(rows, ([a, , c]) => a + c),
    errors: Float32Array.from(rows, ([a, b]) => (b - 0.8 * a) ** 2),
  };
}

const baseline = makeBaseline(toHeldOut(drawRows(createRandom(1), 5000)), NAMES, ['y'], 1);

/** A monitor, the events it has reported, and the rows it has been sent. */
function watch(of = baseline) {
  const events: string[] = [];
  const monitor = new DriftMonitor(of, {
    clock: () => 1e12,
    onEvent: ({ type, group }) => events.push(`${type} ${group}`),
  });
  const send = (rows: readonly Row[]) => {
    for (let from = 0; from < rows.length; from += 50) {
      const { rows: features, count, outputs, errors } = toHeldOut(rows.slice(from, from + 50));
      monitor.observe(features, count, outputs, errors);
    }
  };
  const raised = () => events.filter((event) => event.startsWith('raised')).length;
  return { monitor, events, send, raised };
}

/** Rows in days, each sorted by the first feature. */
function sortedDays(random: Random, days: number, rowsPerDay: number, change?: (row: Row) => void): Row[] {
  return Array.from({ length: days }, () => drawRows(random, rowsPerDay, change).sort((x, y) => x[0] - y[0])).flat();
}

test('an alarm lasts as long as its fault, clears when it is mended, and does not hide the next one', () => {
  const random = createRandom(2);
  const { monitor, events, send, raised } = watch();
  send(drawRows(random, 1500));
  assert.equal(raised(), 0);
  for (let rows = 0; rows < 10_000; rows += 500) {
    send(
      drawRows(random, 500, (row) => {
        row[0] *= 0.45;
        row[0] -= 1;
      }),
    );
    const detected = monitor.alarms.filter((alarm) => alarm.detected).map(({ group }) => group);
    assert.ok(detected.includes('features') && detected.includes('conditional'), `${rows}: ${detected}`);
  }
  const { dependence, design_effect } = monitor.report();
  assert.deepEqual([dependence.order, dependence.cannot_tell, design_effect], ['independent', null, 1]);
  send(drawRows(random, 3000));
  assert.equal(monitor.report().detected, false, events.join(', '));
  const before = raised();
  send(
    drawRows(random, 300, (row) => {
      row[0] *= 1.25;
      row[0] += 0.5;
    }),
  );
  assert.ok(raised() > before, 'the second fault');
});

for (const day of [2000, 5000]) {
  test(`days of ${day} sorted rows raise no alarm: the monitor says that it cannot decide, and why`, () => {
    const random = createRandom(3);
    const { monitor, events, send, raised } = watch();
    send(sortedDays(random, 40_000 / day, day));
    assert.equal(raised(), 0, events.join(', '));
    const { dependence, detected, windows } = monitor.report();
    assert.equal(dependence.order, 'longer_than_window');
    assert.match(
      dependence.cannot_tell!,
      /^cannot be decided: rows come in an order longer than a window\. Send rows in random/,
    );
    assert.ok(dependence.channels.some(({ name, windows }) => name === 'a' && !windows));
    assert.deepEqual([detected, windows[0]!.verdict], [false, 'cannot_tell']);
    // Implausible values, and many beyond all held-out ones, are faults in any order.
    send(drawRows(random, 2, shift(1e12)));
    assert.ok(events.includes('raised guards'), events.join(', '));
    monitor.reset();
    send(sortedDays(random, 40_000 / day, day));
    assert.equal(monitor.report().detected, false, events.join(', '));
    send(sortedDays(random, 1, day, shift(20)));
    assert.equal(monitor.alarms.find(({ group }) => group === 'guards')!.detected, true);
  });
}

test('an order is forgotten when rows come without one, and faults are found again', () => {
  const random = createRandom(4);
  const { monitor, send, raised } = watch();
  send(sortedDays(random, 10, 2000));
  assert.equal(monitor.report().dependence.order, 'longer_than_window');
  send(drawRows(random, 60_000));
  const { dependence } = monitor.report();
  assert.deepEqual([dependence.order, dependence.cannot_tell, raised()], ['independent', null, 0]);
  send(drawRows(random, 200, shift(1)));
  assert.ok(raised() > 0);
});

test('a client that begins to sort raises an alarm at most for two days', () => {
  const random = createRandom(5);
  const { monitor, send, raised } = watch();
  send(drawRows(random, 5000));
  send(sortedDays(random, 2, 2000));
  const before = raised();
  send(sortedDays(random, 20, 2000));
  assert.equal(raised(), before);
  assert.deepEqual([monitor.report().detected, monitor.report().dependence.order], [false, 'longer_than_window']);
});

test('with an order that fills a window the charts are silent, and windows find faults', () => {
  const random = createRandom(6);
  const { monitor, events, send, raised } = watch();
  send(sortedDays(random, 60, 500));
  assert.equal(raised(), 0, events.join(', '));
  const { dependence, windows } = monitor.report();
  assert.deepEqual([dependence.order, windows[0]!.verdict], ['within_window', 'no_drift']);
  assert.match(dependence.cannot_tell!, /^the charts do not decide/);
  send(sortedDays(random, 1, 500, shift(0.5)));
  assert.ok(raised() > 0);
});

test('rows that are sent five times are counted once, and said to be repeats', () => {
  const random = createRandom(7);
  const { monitor, events, send, raised } = watch();
  send(drawRows(random, 5000));
  send(drawRows(random, 4000).flatMap((row) => [row, row, row, row, row]));
  assert.equal(raised(), 0, events.join(', '));
  const { dependence, rows } = monitor.report();
  assert.equal(rows, 9000);
  assert.equal(dependence.repeated_rows, 16_000);
  assert.ok(Math.abs(dependence.repeated_share - 0.8) < 0.1);
  assert.match(dependence.repeats!, /^(7|8)\d % of recent rows repeat one of the 64 rows before them/);
  const shifted = drawRows(random, 300, shift(0.7));
  send(shifted.flatMap((row) => [row, row, row, row, row]));
  assert.ok(raised() > 0, 'a shift among the repeats');
});

test('a batch that is sent again and again is counted once, whichever rows it has', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = createRandom(seed);
    const { monitor, events, send, raised } = watch();
    const batch = drawRows(random, 40);
    for (let i = 0; i < 100; i++) send(batch);
    assert.equal(raised(), 0, events.join(', '));
    assert.equal(monitor.report().dependence.repeated_rows, 99 * 40);
    // A counter of a scraper never falls.
    monitor.reset();
    assert.deepEqual([monitor.report().dependence.repeated_rows, monitor.repeats.total], [0, 99 * 40]);
  }
});

test('one row that makes up most of the traffic does not hide the others', () => {
  const random = createRandom(8);
  const { monitor, events, send, raised } = watch();
  const probe = drawRow(random);
  const mixed = (count: number, change?: (row: Row) => void) =>
    drawRows(random, count, change).flatMap((row): Row[] => [row, probe, probe]);
  send(mixed(10_000));
  assert.equal(raised(), 0, events.join(', '));
  assert.ok(monitor.report().dependence.repeated_share > 0.6);
  send(mixed(300, shift(0.7)));
  assert.ok(raised() > 0);
});

test('equal rows are ordinary, and all counted, if the held-out rows have them', () => {
  const random = createRandom(9);
  const coarse = (count: number) => drawRows(random, count).map((row) => row.map(Math.round) as Row);
  const { monitor, send } = watch(makeBaseline(toHeldOut(coarse(5000)), NAMES, ['y'], 1));
  send(coarse(2000));
  const { dependence, rows } = monitor.report();
  assert.deepEqual([rows, dependence.repeated_rows, dependence.repeats], [2000, 0, null]);
});

test('a fault that is there from the start raises an alarm when the first blocks agree', () => {
  const { monitor, send } = watch();
  send(drawRows(createRandom(10), 500, shift(0.7)));
  assert.equal(monitor.report().detected, true);
});

test('the order is part of the state, and a state of an earlier release is taken up without it', () => {
  const random = createRandom(11);
  const first = watch();
  first.send(sortedDays(random, 10, 2000));
  const state = JSON.parse(JSON.stringify(first.monitor.state()));
  const second = watch();
  assert.equal(second.monitor.restore(state), true);
  assert.deepEqual(second.monitor.report().dependence, first.monitor.report().dependence);
  const more = sortedDays(random, 5, 2000);
  for (const { send } of [first, second]) send(more);
  assert.deepEqual(second.monitor.report().dependence, first.monitor.report().dependence);
  assert.equal(second.raised(), 0);

  const { dependence: _, repeats: __, closed_blocks: ___, ...earlier } = state;
  const third = watch();
  const design_effect = { rows: 5000, sums: [], block_squares: [], block_sums: [], effects: [57], squares: [] };
  assert.equal(third.monitor.restore({ ...earlier, design_effect }), false);
  const { dependence, design_effect: effect } = third.monitor.report();
  assert.deepEqual([dependence.order, dependence.learned_anew, effect], ['unknown', 'upgrade', null]);
});
