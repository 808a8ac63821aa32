import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import type { DriftEvent } from '../../../src/drift/monitor/alarms.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import type { MonitorOptions } from '../../../src/drift/monitor/monitor-options.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';

const NAMES = ['age', 'weight', 'height', 'dose'];

/** Rows of four features, of which weight depends on height and dose is 0, 1 or 2; a prediction and an error of each. */
function draw(random: Random, count: number, change: (row: Float32Array) => void = () => {}): HeldOut {
  const rows = new Float32Array(count * 4);
  const outputs = new Float32Array(count);
  const errors = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    const height = random.normal();
    const row = rows.subarray(4 * r, 4 * r + 4);
    row.set([50 + 10 * random.normal(), 70 + 8 * height + 3 * random.normal(), 170 + 9 * height, random.below(3)]);
    change(row);
    outputs[r] = row[0]! / 10 + row[3]!;
    errors[r] = ((row[1]! - 70) / 8 - (row[2]! - 170) / 9) ** 2 + 0.1 * random.uniform();
  }
  return { count, rows, outputs, errors };
}

const baseline = makeBaseline(draw(createRandom(1), 2000), NAMES, ['risk'], 1);

function watch(options: Partial<MonitorOptions> = {}, of: Baseline = baseline): DriftMonitor {
  return new DriftMonitor(of, { clock: () => 1e12, rowsPerRequest: 1e9, ...options });
}

function observe(monitor: DriftMonitor, { rows, count, outputs, errors }: HeldOut): void {
  monitor.observe(rows, count, outputs, errors);
}

/** The columns of the latest window, the strongest evidence first. */
function columns(monitor: DriftMonitor) {
  return monitor.report().windows[0]!.columns;
}

test('windows without drift raise alarms at the specified rate', () => {
  for (const windowRows of [50, 100, 500]) {
    const random = createRandom(7);
    // Half of the false alarms are the windows': 2 % of them.
    const monitor = watch({ windowRows, rowsBetweenFalseAlarms: windowRows / 2 / 0.02 });
    let alarms = 0;
    const windows = windowRows === 500 ? 200 : 500;
    for (let i = 0; i < windows; i++) {
      observe(monitor, draw(random, windowRows));
      if (monitor.latestTest!.groups.some(({ alarm }) => alarm)) alarms++;
    }
    // 2 % expected; the bounds are beyond four standard deviations and what discrete tests leave unused.
    assert.ok(alarms > 0.002 * windows && alarms < 0.04 * windows, `${alarms} of ${windows} windows of ${windowRows}`);
  }
});

test('10,000 rows without drift seldom raise an alarm', () => {
  const random = createRandom(11);
  let raised = 0;
  const monitor = watch({ onEvent: ({ type }) => (raised += Number(type === 'raised')) });
  for (let run = 0; run < 10; run++) {
    observe(monitor, draw(random, 10_000));
    monitor.reset();
  }
  // One expected of 100,000 rows.
  assert.ok(raised <= 5, `${raised} alarms in 100,000 rows`);
});

const SHIFTS: readonly [string, string, RegExp, (row: Float32Array, random: Random) => void][] = [
  [
    'a higher mean',
    'age',
    /^higher by 0\.\d+ standard deviations/,
    (row) => {
      row[0]! += 6;
    },
  ],
  [
    'a wider spread',
    'age',
    /more spread out|reference range/,
    (row) => {
      row[0] = 50 + 1.8 * (row[0]! - 50);
    },
  ],
  [
    'a unit error',
    'weight',
    /^100 % of rows above the reference range/,
    (row) => {
      row[1]! *= 2.2;
    },
  ],
  [
    'a stuck sensor',
    'height',
    /^100 % of rows have one value \(170\)$/,
    (row) => {
      row[2] = 170;
    },
  ],
  [
    'a broken correlation',
    'weight|height',
    /^no longer depends on the other features/,
    (row, random) => {
      row[1] = 70 + 8 * random.normal() + 3 * random.normal();
    },
  ],
  [
    'a constant that is new',
    'dose',
    /^100 % of rows have one value \(9\), above the reference range$/,
    (row) => {
      row[3] = 9;
    },
  ],
  [
    'missing values',
    'age',
    /^\d+ % of rows missing/,
    (row, random) => {
      if (random.uniform() < 0.1) row[0] = Number.NaN;
    },
  ],
];

for (const [name, cause, words, change] of SHIFTS) {
  test(`${name} is found, and the feature is named in plain words`, () => {
    const random = createRandom(3);
    const monitor = watch();
    observe(
      monitor,
      draw(random, 500, (row) => change(row, random)),
    );
    const [first] = columns(monitor);
    assert.match(first!.name, new RegExp(`^(${cause})$`));
    assert.match(first!.words, words);
    assert.equal(first!.detected, true);
    assert.ok(first!.score! > first!.threshold!);
    assert.equal(monitor.report().detected, true);
  });
}

test('the charts detect a shift of half a standard deviation within 150 rows, long before the window is full', () => {
  const random = createRandom(5);
  const events: DriftEvent[] = [];
  const monitor = watch({ windowRows: 5000, onEvent: (event) => events.push(event) });
  observe(monitor, draw(random, 1000));
  assert.equal(events.length, 0);
  observe(
    monitor,
    draw(random, 150, (row) => {
      row[0]! += 5;
    }),
  );
  assert.deepEqual(events.map(({ type, cause }) => [type, cause?.by, cause?.name])[0], ['raised', 'chart', 'age']);
});

test('a weak dependence that disappears is found, because the conditional residuals become wider', () => {
  const random = createRandom(23);
  // The correlation falls from 0.4 to 0, while each column by itself stays the same.
  const pairs = (count: number, correlation: number): HeldOut => {
    const rows = new Float32Array(2 * count);
    for (let at = 0; at < rows.length; at += 2) {
      rows[at] = random.normal();
      rows[at + 1] = correlation * rows[at]! + Math.sqrt(1 - correlation ** 2) * random.normal();
    }
    const ones = Float32Array.from({ length: count }, () => random.uniform());
    return { count, rows, outputs: ones, errors: ones };
  };
  const weak = makeBaseline(pairs(5000, 0.4), ['a', 'b'], ['y'], 1);
  const monitor = watch({ windowRows: 500, rowsBetweenFalseAlarms: 25_000 }, weak);
  let found = 0;
  for (let i = 0; i < 20; i++) {
    observe(monitor, pairs(500, 0));
    const alarmed = monitor.latestTest!.groups.filter(({ alarm }) => alarm).map(({ group }) => group);
    if (alarmed.includes('conditional')) found++;
    assert.ok(!alarmed.includes('guards') && !alarmed.includes('error'), String(alarmed));
  }
  assert.ok(found >= 15, `${found} of 20 windows; χ² of the bins alone finds 12`);
});

test('rows closer to the mean, which have lower errors, are found by the error too', () => {
  const random = createRandom(5);
  const monitor = watch();
  const rows = draw(random, 500);
  observe(monitor, { ...rows, errors: rows.errors.map((error) => error / 2) });
  const report = monitor.report();
  assert.equal(report.groups.find(({ group }) => group === 'error')!.detected, true);
  assert.ok(report.windows[0]!.error_shift! < 0);
});

test('an alarm stays on until three quiet windows have passed, and is counted once', () => {
  const random = createRandom(9);
  const events: string[] = [];
  const monitor = watch({ onEvent: ({ type, group }) => events.push(`${type} ${group}`) });
  observe(
    monitor,
    draw(random, 1000, (row) => {
      row[3] = 9;
    }),
  );
  const guards = () => monitor.report().groups.find(({ group }) => group === 'guards')!;
  assert.equal(guards().detected, true);
  assert.equal(guards().alarms, 1);
  observe(monitor, draw(random, 1000));
  assert.equal(guards().detected, true);
  observe(monitor, draw(random, 500));
  assert.equal(guards().detected, false);
  assert.deepEqual(
    events.filter((event) => event.endsWith('guards')),
    ['raised guards', 'cleared guards'],
  );
});

test('a huge window does not alarm on a difference of no consequence', () => {
  const random = createRandom(13);
  const large = makeBaseline(draw(random, 20_000), NAMES, ['risk'], 1);
  const monitor = watch({ windowRows: 100_000, rowsBetweenFalseAlarms: 1e9 }, large);
  observe(
    monitor,
    draw(random, 100_000, (row) => {
      row[0]! += 0.7;
    }),
  );
  const features = monitor.latestTest!.groups.find(({ group }) => group === 'features')!;
  const age = monitor.latestTest!.evidence.find(({ channel, test }) => channel === 0 && test === 'bins')!;
  assert.ok(age.logP < -20, 'the difference is certain');
  assert.equal(features.alarm, false);
});

test('only evenly spaced rows of a large request are counted', () => {
  const monitor = watch({ rowsPerRequest: 10 });
  const rows = draw(createRandom(1), 1000);
  observe(monitor, rows);
  assert.equal(monitor.counters.rows, 10);
  assert.equal(monitor.counters.skipped, 990);
});

test('the counters count every row in a bin, a place, and a p-value bucket', () => {
  const monitor = watch();
  observe(monitor, draw(createRandom(21), 3000));
  const { counters, channels } = monitor;
  for (const { offset, bins } of channels) {
    const counts = counters.bins.subarray(offset, offset + bins.counts.length);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      3000,
    );
  }
  assert.equal(
    counters.places.reduce((sum, count) => sum + count),
    4 * 3000,
  );
  assert.equal(
    counters.pValues.reduce((sum, count) => sum + count),
    3000,
  );
  // P ≤ 0.1 is expected of at most 10 % of the rows.
  const low = counters.pValues.subarray(0, 6).reduce((sum, count) => sum + count);
  assert.ok(low > 100 && low < 390, `${low} of 3000 rows with p ≤ 0.1`);
});

test('one row is scored without being counted', () => {
  const monitor = watch();
  const [usual, odd] = [Float32Array.of(50, 70, 170, 1), Float32Array.of(50, 40, 190, 7)];
  const outputs = Float32Array.of(6);
  assert.ok(monitor.explain(usual, outputs, 0.05).p_value > 0.5);
  const scores = monitor.explain(odd, outputs, 30);
  assert.deepEqual(scores.out_of_range, ['weight', 'dose']);
  assert.equal(scores.p_value, 2 / 2001);
  assert.deepEqual(monitor.explain(Float32Array.of(Number.NaN, 70, 170, 1), outputs, 0.05).out_of_range, []);
  assert.equal(monitor.counters.rows, 0);
});

test('a monitor continues from its state as if it had not stopped', () => {
  const random = createRandom(29);
  const first = watch();
  observe(
    first,
    draw(random, 1234, (row) => {
      row[0]! += 3;
    }),
  );
  const second = watch();
  second.restore(JSON.parse(JSON.stringify(first.state())));
  const { rows: _, ...expected } = first.report();
  const { rows: __, ...found } = second.report();
  // The charts update a sum that a restart recomputes.
  const rounded = (value: unknown) =>
    JSON.stringify(value, (_key, x) => (typeof x === 'number' ? Number(x.toPrecision(9)) : x));
  assert.equal(rounded(found), rounded(expected));
  const more = draw(random, 300);
  observe(first, more);
  observe(second, more);
  assert.equal(rounded(second.report().windows), rounded(first.report().windows));
});

test('a state with another baseline, another window size, or a missing part is refused', () => {
  const state = watch().state();
  const other = makeBaseline(draw(createRandom(2), 2000), NAMES, ['risk'], 1);
  const refused = (monitor: DriftMonitor, value: unknown, message: RegExp) =>
    assert.throws(() => monitor.restore(value), { code: 'INVALID_BASELINE', message });
  refused(watch({}, other), state, /^drift state: \/baseline: expected/);
  refused(watch({ windowRows: 100 }), state, /window_rows: expected 100, got 500/);
  refused(watch(), { ...state, charts: { ...state.charts, shares: [1] } }, /\/charts\/shares: expected a length/);
  refused(watch(), { ...state, latches: [] }, /\/latches/);
  refused(watch(), { ...state, window: { ...state.window, counts: 'AAAA' } }, /\/window\/counts/);
  refused(watch(), null, /drift state/);
});

test('no row is lost if the clock stops, is set back, or jumps, and the hour report covers the latest hour', () => {
  let now = 1e12;
  const monitor = watch({ clock: () => now });
  const random = createRandom(31);
  const hour = () => monitor.report().windows.find(({ window }) => window === 'hour')!.rows;
  observe(monitor, draw(random, 100));
  now -= 5 * 60_000;
  observe(monitor, draw(random, 100));
  assert.equal(hour(), 200);
  now += 64 * 60_000;
  observe(monitor, draw(random, 100));
  assert.equal(hour(), 300);
  now += 2 * 60_000;
  assert.equal(hour(), 100);
  now += 365 * 86_400_000;
  assert.equal(hour(), 0);
  observe(monitor, draw(random, 100));
  now -= 365 * 86_400_000;
  observe(monitor, draw(random, 50));
  assert.equal(hour(), 50);
  assert.equal(monitor.report().rows, 450);
});

test('the day report covers the latest 24 hours and raises no alarm', () => {
  const HOUR = 3_600_000;
  let now = 277_778 * HOUR;
  const clock = () => now;
  const monitor = watch({ clock, windowRows: 5000, rowsBetweenFalseAlarms: 1e8 });
  const random = createRandom(37);
  const day = (of = monitor) => of.report().windows.find(({ window }) => window === 'day')!;
  const seen: number[] = [];
  for (let hour = 0; hour < 30; hour++, now += HOUR) {
    seen.push(20 + hour);
    observe(monitor, draw(random, 20 + hour));
    const expected = seen.slice(-24).reduce((sum, rows) => sum + rows, 0);
    assert.equal(day().rows, expected, `hour ${hour}`);
    for (const { recent } of day().columns) {
      assert.equal(
        recent.reduce((sum, rows) => sum + rows, 0),
        expected,
      );
    }
  }
  assert.equal(day().verdict, 'no_drift');
  // The new hour, which has no rows yet, has replaced the oldest.
  const before = day().rows;
  assert.equal(
    before,
    seen.slice(-23).reduce((sum, rows) => sum + rows, 0),
  );

  observe(
    monitor,
    draw(random, 60, (row) => {
      row[0]! += 40;
    }),
  );
  assert.deepEqual([day().rows, day().verdict, day().columns[0]!.name], [before + 60, 'drift', 'age']);
  const restored = watch({ clock, windowRows: 5000, rowsBetweenFalseAlarms: 1e8 });
  restored.restore(JSON.parse(JSON.stringify(monitor.state())));
  assert.deepEqual(day(restored), day());
  assert.equal(monitor.latestTest, undefined, 'no window was full');
  now += 23 * HOUR;
  assert.equal(day().rows, 60);
  now += HOUR;
  assert.deepEqual([day().rows, day().verdict], [0, 'too_few_rows']);
});

test('options that cannot be met are refused', () => {
  assert.throws(() => watch({ windowRows: 49 }), /windowRows: expected at least 50, got 49/);
  assert.throws(() => watch({ rowsBetweenFalseAlarms: 2000 }), /rowsBetweenFalseAlarms: expected at least 5 windows/);
  assert.throws(() => watch({ rowsPerRequest: 0 }), /rowsPerRequest/);
});
