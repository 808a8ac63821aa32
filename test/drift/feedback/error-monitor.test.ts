import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import { type ErrorEvent, ErrorMonitor } from '../../../src/drift/feedback/error-monitor.js';
import { type PredictionErrors, summariseErrors } from '../../../src/model/baseline/errors/prediction-errors.js';

/** Errors with heavy tails: Student's t with 4 degrees of freedom. */
function draw(random: Random): number {
  let square = 0;
  for (let i = 0; i < 4; i++) square += random.normal() ** 2;
  return random.normal() / Math.sqrt(square / 4);
}

/** The reference that `rows` held-out rows give. */
function referenceOf(random: Random, rows = 1000): PredictionErrors {
  const outputs = Float32Array.from({ length: rows }, () => draw(random));
  const features = Float32Array.from({ length: rows }, () => random.normal());
  return summariseErrors({ rows, features, outputs, targets: new Float32Array(rows) });
}

function start(reference: PredictionErrors, rowsBetweenFalseAlarms = 100_000, windowRows = 500) {
  const events: ErrorEvent[] = [];
  const onEvent = (event: ErrorEvent) => events.push(event);
  const options = { rowsBetweenFalseAlarms, windowRows, onEvent, clock: () => 1 };
  return { monitor: new ErrorMonitor(reference, ['y'], options), events, options };
}

/** Sends labelled rows one by one. Returns after how many the alarm is on; undefined if it never is. */
function send(monitor: ErrorMonitor, random: Random, rows: number, error: () => number): number | undefined {
  for (let i = 0; i < rows; i++) {
    const features = Float32Array.of(random.normal());
    monitor.observe({ rows: 1, features, outputs: Float32Array.of(error()), targets: new Float32Array(1) });
    if (monitor.alarm.detected) return i + 1;
  }
  return undefined;
}

test('without a change the alarm is as rare as promised, and not much rarer', (t) => {
  const random = createRandom(1);
  const between = 5000;
  let [alarms, rows] = [0, 0];
  for (let stream = 0; stream < 60; stream++) {
    const { monitor } = start(referenceOf(random), between);
    for (let i = 0; i < 4; i++) {
      const seen = send(monitor, random, 2500, () => draw(random));
      rows += seen ?? 2500;
      if (seen !== undefined) alarms++;
      monitor.reset();
    }
  }
  t.diagnostic(`${alarms} alarms in ${rows} rows`);
  const rate = (alarms * between) / rows;
  assert.ok(rate < 1.3 && rate > 0.1, `${alarms} alarms in ${rows} rows: ${rate} of what is allowed`);
});

test('bursts of similar rows do not ring for ever', (t) => {
  const random = createRandom(2);
  const reference = referenceOf(random, 2000);
  let alarms = 0;
  for (let stream = 0; stream < 10; stream++) {
    const { monitor, events } = start(reference);
    let burst = 0;
    let i = 0;
    // Each error comes eight times, in rows that differ.
    for (; i < 20_000; i++) {
      if (i % 8 === 0) burst = draw(random);
      const features = Float32Array.of(random.normal());
      monitor.observe({ rows: 1, features, outputs: Float32Array.of(burst), targets: new Float32Array(1) });
    }
    alarms += events.filter(({ type, at }) => type === 'raised' && at > 0).length;
  }
  t.diagnostic(`${alarms} alarms`);
  assert.ok(alarms <= 10, `${alarms} alarms in 200,000 rows`);
});

const CHANGES: [
  what: string,
  change: (error: number, i: number) => number,
  within: number,
  test: string,
  words: RegExp,
][] = [
  ['errors of 3.8 times the size', (e) => 3.8 * e, 62, 'range', /^y: errors are larger .*MAE.*; errors of/],
  ['errors of half the size', (e) => e / 2, 125, 'magnitude', /errors are smaller/],
  ['predictions that are too low', (e) => e - 1, 125, 'bias', /predictions are lower against the targets/],
  [
    'errors half as large again',
    (e) => 1.5 * e,
    1000,
    'magnitude or range',
    /errors (are larger|of \d+ of \d+ rows are as large)/,
  ],
  [
    'one row in 20 far off',
    (e, i) => (i % 20 === 0 ? 1e6 : e),
    125,
    'range',
    /are as large as the largest 5 % on held-out rows, \d+ of them larger than any/,
  ],
];

test('a change is found, with its direction and in words, a large one within the shortest windows', () => {
  for (const [what, change, within, name, words] of CHANGES) {
    const random = createRandom(3);
    const { monitor, events } = start(referenceOf(random));
    assert.equal(
      send(monitor, random, 1000, () => draw(random)),
      undefined,
      what,
    );
    let i = 0;
    const seen = send(monitor, random, within, () => change(draw(random), i++));
    assert.ok(seen !== undefined, `${what}: not within ${within} rows`);
    assert.deepEqual([events.length, events[0]!.type, events[0]!.group], [1, 'raised', 'prediction_error']);
    const { test: found, words: said, direction } = events[0]!.evidence!;
    assert.ok(name.includes(found), `${what}: ${found}`);
    assert.match(said, words, what);
    assert.equal(direction, /smaller|lower/.test(said) ? 'lower' : 'higher');
    assert.deepEqual(monitor.evidence, events[0]!.evidence, 'the alarm has its evidence');
  }
});

test('a lasting change stays in alarm, and the alarm goes out once it is over', () => {
  const random = createRandom(4);
  const { monitor, events } = start(referenceOf(random));
  send(monitor, random, 5000, () => draw(random));
  send(monitor, random, 5000, () => 2 * draw(random));
  for (let i = 0; i < 20_000; i++) {
    const outputs = Float32Array.of(2 * draw(random));
    monitor.observe({ rows: 1, features: Float32Array.of(random.normal()), outputs, targets: new Float32Array(1) });
    assert.ok(monitor.alarm.detected, `${i} rows after the alarm`);
  }
  for (let i = 0; i < 2500; i++) {
    const outputs = Float32Array.of(draw(random));
    monitor.observe({ rows: 1, features: Float32Array.of(random.normal()), outputs, targets: new Float32Array(1) });
  }
  assert.equal(monitor.alarm.detected, false);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['raised', 'cleared'],
  );
  assert.equal(monitor.evidence, null);
});

test('rows that come again are compared once, if held-out rows hardly repeat', () => {
  const random = createRandom(5);
  const reference = referenceOf(random);
  const rows = 20;
  const features = Float32Array.from({ length: rows }, () => random.normal());
  const outputs = Float32Array.from({ length: rows }, () => 1.2 + random.normal() / 10);
  const batch = { rows, features, outputs, targets: new Float32Array(rows) };
  const { monitor } = start(reference);
  for (let i = 0; i < 50; i++) monitor.observe(batch);
  assert.deepEqual([monitor.counters, monitor.alarm.detected], [{ rows: 20, repeated: 980 }, false]);

  const coarse = start({ ...reference, distinct: false }).monitor;
  for (let i = 0; i < 3; i++) coarse.observe(batch);
  assert.deepEqual(coarse.counters, { rows: 60, repeated: 0 });
});

test('of a large request 250 rows are compared, evenly spaced', () => {
  const random = createRandom(6);
  const { monitor } = start(referenceOf(random));
  const rows = 10_000;
  const features = Float32Array.from({ length: rows }, () => random.normal());
  monitor.observe({ rows, features, outputs: new Float32Array(rows), targets: new Float32Array(rows) });
  assert.equal(monitor.counters.rows, 250);
});

test('a state is continued to the same end, and a state of another reference is refused', () => {
  const random = createRandom(7);
  const reference = referenceOf(random);
  const { monitor, options } = start(reference);
  send(monitor, random, 3333, () => draw(random));
  send(monitor, random, 200, () => 3 * draw(random));
  const state = JSON.parse(JSON.stringify(monitor.state()));
  const resumed = new ErrorMonitor(reference, ['y'], options);
  resumed.restore(structuredClone(state));
  assert.deepEqual(resumed.state(), state);
  assert.deepEqual([resumed.alarm, resumed.evidence], [monitor.alarm, monitor.evidence]);
  for (const [seed, other] of [monitor, resumed].entries()) {
    void seed;
    const again = createRandom(8);
    for (let i = 0; i < 2000; i++) {
      const outputs = Float32Array.of(draw(again));
      other.observe({ rows: 1, features: Float32Array.of(again.normal()), outputs, targets: new Float32Array(1) });
    }
  }
  assert.deepEqual(resumed.state(), monitor.state());

  const other = new ErrorMonitor(referenceOf(random), ['y'], options);
  assert.throws(() => other.restore(state), { code: 'INVALID_BASELINE', message: /reference: expected/ });
  for (const broken of [null, {}, { ...state, windows: [] }, { ...state, schema: 2 }]) {
    assert.throws(() => resumed.restore(broken), { code: 'INVALID_BASELINE' });
  }
});

test('errors that are all equal, and very few held-out rows, raise nothing by themselves', () => {
  const random = createRandom(9);
  const exact = summariseErrors({ rows: 50, outputs: new Float32Array(50), targets: new Float32Array(50) });
  const { monitor } = start(exact);
  assert.equal(
    send(monitor, random, 2000, () => 0),
    undefined,
  );
  assert.ok(
    send(monitor, random, 500, () => 1),
    'errors where there were none',
  );
  for (let stream = 0; stream < 20; stream++) {
    const few = start(referenceOf(random, 20)).monitor;
    assert.equal(
      send(few, random, 500, () => draw(random)),
      undefined,
    );
  }
});
