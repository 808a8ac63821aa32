import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { type CoverageEvent, CoverageMonitor } from '../../../src/drift/intervals/coverage-monitor.js';
import { reportCoverage } from '../../../src/drift/intervals/coverage-report.js';
import { testCoverage } from '../../../src/drift/intervals/coverage-test.js';

const LEVELS = [0.5, 0.8, 0.9, 0.95];

/** Bounds of each level, by calibration rows whose errors `draw` gives: conformal, as those of a version. */
function calibrate(draw: () => number, rows: number) {
  const scores = Float64Array.from({ length: rows }, () => Math.abs(draw())).sort();
  const calibrations = LEVELS.map((level) => ({ level, rows, rank: Math.ceil((rows + 1) * level - 1e-9) }));
  return { calibrations, bounds: calibrations.map(({ rank }) => scores[rank - 1]!) };
}

type Calibrated = ReturnType<typeof calibrate>;

function start({ calibrations }: Calibrated, rowsBetweenFalseAlarms = 100_000, distinct = false) {
  const events: CoverageEvent[] = [];
  const onEvent = (event: CoverageEvent) => events.push(event);
  // Two monitors of the same rows have the same times.
  const options = { rowsBetweenFalseAlarms, windowRows: 500, onEvent, clock: () => 1.7e12 };
  const create = () => new CoverageMonitor({ id: 'x', targets: ['y'], calibrations, distinct }, options);
  return { monitor: create(), events, create };
}

const coveredBy = (bounds: readonly number[], error: number) =>
  bounds.reduce((bits, bound, l) => bits | (Math.abs(error) <= bound ? 1 << l : 0), 0);

/** Sends labelled rows one by one. Returns after how many the alarm is on; undefined if it never is. */
function send(monitor: CoverageMonitor, { bounds }: Calibrated, rows: number, error: (i: number) => number) {
  for (let i = 0; i < rows; i++) {
    const covered = Uint8Array.of(coveredBy(bounds, error(i)));
    monitor.observe({ rows: 1, features: Float32Array.of(i), targets: new Float32Array(1), covered });
    if (monitor.alarm.detected) return i + 1;
  }
  return undefined;
}

/** Counts alarms in streams of 2,500 rows, each against a calibration of its own. */
function falseAlarms(random: Random, streams: number, calibrationRows: number, between: number, next: () => number) {
  let [alarms, rows] = [0, 0];
  for (let stream = 0; stream < streams; stream++) {
    const calibrated = calibrate(() => random.normal(), calibrationRows);
    const { monitor } = start(calibrated, between);
    const seen = send(monitor, calibrated, 2500, next);
    rows += seen ?? 2500;
    if (seen !== undefined) alarms++;
  }
  return { alarms, rows, rate: (alarms * between) / rows };
}

test('the tests are exact: as by drawing calibration rows and new rows many times', (t) => {
  const random = createRandom(1);
  const [m, rows, level, draws] = [40, 60, 0.9, 20_000];
  const rank = Math.ceil((m + 1) * level);
  const counts = new Float64Array(rows + 1);
  for (let draw = 0; draw < draws; draw++) {
    const bound = Float64Array.from({ length: m }, () => random.uniform()).sort()[rank - 1]!;
    let misses = 0;
    for (let r = 0; r < rows; r++) if (random.uniform() > bound) misses++;
    counts[misses]!++;
  }
  for (const misses of [1, 4, 6, 10, 15, 20]) {
    const { logP, logWide, coverage } = testCoverage({ rows, misses }, { level, rows: m, rank }, 1);
    const atLeast = counts.slice(misses).reduce((sum, count) => sum + count, 0) / draws;
    const atMost = counts.slice(0, misses + 1).reduce((sum, count) => sum + count, 0) / draws;
    t.diagnostic(`${misses} misses: ${Math.exp(logP)} and ${Math.exp(logWide)}, drawn ${atLeast} and ${atMost}`);
    assert.ok(Math.abs(Math.exp(logP) - atLeast) < 0.012, `${misses} or more: ${Math.exp(logP)}, drawn ${atLeast}`);
    assert.ok(Math.abs(Math.exp(logWide) - atMost) < 0.012, `${misses} or fewer: ${Math.exp(logWide)}, ${atMost}`);
    assert.equal(coverage, 1 - misses / rows);
  }
  assert.equal(testCoverage({ rows, misses: 0 }, { level, rows: m, rank }, 1).logP, 0);
  assert.equal(testCoverage({ rows, misses: rows }, { level, rows: m, rank }, 1).logWide, 0);
});

test('without a change the alarm is no more frequent than promised, whatever the calibration rows', (t) => {
  for (const [seed, rows] of [
    [2, 30],
    [3, 200],
    [4, 3000],
  ] as const) {
    const random = createRandom(seed);
    const { alarms, rows: seen, rate } = falseAlarms(random, 60, rows, 5000, () => random.normal());
    t.diagnostic(`${rows} calibration rows: ${alarms} alarms in ${seen} rows, ${rate} of what is allowed`);
    assert.ok(rate < 1.3, `${rows} calibration rows: ${alarms} alarms in ${seen} rows`);
  }
});

test('rows that come in bursts, or in an order, do not ring', (t) => {
  const random = createRandom(5);
  let burst = 0;
  let i = 0;
  const inBursts = falseAlarms(random, 40, 1000, 100_000, () => {
    if (i++ % 8 === 0) burst = random.normal();
    return burst;
  });
  // Errors that are larger on some days: the order is shorter than the longest window.
  const byTheDay = falseAlarms(random, 40, 1000, 100_000, () => {
    const scale = Math.sin((2 * Math.PI * i++) / 120) > 0 ? 1.2 : 0.75;
    return scale * random.normal();
  });
  t.diagnostic(`${inBursts.alarms} and ${byTheDay.alarms} alarms in 40 streams`);
  assert.ok(inBursts.alarms <= 4 && byTheDay.alarms <= 4, `${inBursts.alarms}, ${byTheDay.alarms}`);
});

test('intervals that cover less than they say are found, in words; wider ones are only mentioned', () => {
  const random = createRandom(6);
  const calibrated = calibrate(() => random.normal(), 1000);
  const { monitor, events } = start(calibrated);
  assert.equal(
    send(monitor, calibrated, 1000, () => random.normal()),
    undefined,
  );
  const seen = send(monitor, calibrated, 500, () => 2 * random.normal());
  assert.ok(seen !== undefined && seen <= 250, `${seen}`);
  assert.deepEqual([events.length, events[0]!.type, events[0]!.group], [1, 'raised', 'interval_coverage']);
  assert.equal(events[0]!.cause!.name, 'y');
  const { words, coverage, level, target } = monitor.evidence!;
  assert.equal(target, 'y');
  assert.ok(LEVELS.includes(level) && coverage < level - 0.1, `${coverage} of ${level}`);
  assert.match(words, /^y: intervals that are to cover \d+ % cover [\d.]+ % of the latest \d+ labelled rows$/);
  assert.deepEqual(events[0]!.evidence, monitor.evidence);

  // The alarm goes out once it is over.
  for (let i = 0; i < 5000; i++) {
    const covered = Uint8Array.of(coveredBy(calibrated.bounds, random.normal()));
    monitor.observe({ rows: 1, features: Float32Array.of(i), targets: new Float32Array(1), covered });
  }
  assert.deepEqual([monitor.alarm.detected, events.at(-1)!.type, monitor.evidence], [false, 'cleared', null]);

  assert.equal(
    send(monitor, calibrated, 3000, () => random.normal() / 3),
    undefined,
  );
  const { windows, alarm } = reportCoverage(monitor);
  assert.match(windows.at(-1)!.words, /wider than they need to be/);
  assert.ok(windows.at(-1)!.targets!['y']!['0.9']! > 0.99);
  assert.equal(alarm, null);
});

test('small differences are of no consequence, however many rows show them', () => {
  const random = createRandom(7);
  const calibrated = calibrate(() => random.normal(), 100_000);
  const options = { rowsBetweenFalseAlarms: 1e8, windowRows: 50_000, onEvent: () => {} };
  const { calibrations } = calibrated;
  const monitor = new CoverageMonitor({ id: 'x', targets: ['y'], calibrations, distinct: false }, options);
  // 0.9 becomes 0.886, which 50,000 rows show beyond any doubt.
  assert.equal(
    send(monitor, calibrated, 120_000, () => 1.04 * random.normal()),
    undefined,
  );
});

test('rows that come again are counted once if rows hardly repeat', () => {
  const random = createRandom(8);
  const { monitor } = start(
    calibrate(() => random.normal(), 100),
    100_000,
    true,
  );
  const rows = {
    rows: 2,
    features: Float32Array.of(1, 2),
    targets: Float32Array.of(3, 4),
    covered: Uint8Array.of(0, 0),
  };
  for (let i = 0; i < 40; i++) monitor.observe(rows);
  assert.deepEqual(monitor.counters, { rows: 2, repeated: 78 });
});

test('a state is continued to the same end, and one of other intervals is refused', () => {
  const random = createRandom(9);
  const calibrated = calibrate(() => random.normal(), 300);
  const errors = Array.from({ length: 2000 }, (_, i) => (i < 1200 ? 1 : 2) * random.normal());
  const whole = start(calibrated);
  const parts = start(calibrated);
  let monitor = parts.monitor;
  errors.forEach((error, i) => {
    if (i % 333 === 332) {
      const next = parts.create();
      next.restore(JSON.parse(JSON.stringify(monitor.state())));
      monitor = next;
    }
    const covered = Uint8Array.of(coveredBy(calibrated.bounds, error));
    const row = { rows: 1, features: Float32Array.of(i), targets: new Float32Array(1), covered };
    whole.monitor.observe(row);
    monitor.observe(row);
  });
  assert.deepEqual(monitor.state(), whole.monitor.state());
  assert.equal(monitor.alarm.detected, true);

  const state = monitor.state();
  const other = start(calibrate(() => random.normal(), 301)).monitor;
  assert.throws(() => other.restore(state), /state of the coverage of intervals\/intervals: expected/);
  const wrong = structuredClone(state);
  wrong.windows[0]!.filling.misses[0]!.pop();
  assert.throws(() => monitor.restore(wrong), /\/windows\/0\/filling\/misses/);
  assert.throws(() => monitor.restore({}), /INVALID_BASELINE|state of the coverage/);
});
