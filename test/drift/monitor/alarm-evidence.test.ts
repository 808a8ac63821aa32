import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../../src/base/statistics/random.js';
import type { AlarmEvent } from '../../../src/drift/monitor/alarm-evidence.js';
import { EvidenceGatherer } from '../../../src/drift/monitor/evidence-gatherer.js';
import { DriftMonitor } from '../../../src/drift/monitor/monitor.js';
import { type HeldOut, makeBaseline } from '../../../src/model/baseline/baseline.js';

const NAMES = ['age', 'weight', 'height', 'waist'];

type Change = (row: Float32Array, random: Random) => void;

/** Rows of which weight depends on height and waist, and age on nothing. */
function draw(random: Random, count: number, change: Change = () => {}): HeldOut {
  const rows = new Float32Array(count * 4);
  const outputs = new Float32Array(count);
  const errors = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    const [height, build] = [random.normal(), random.normal()];
    const row = rows.subarray(4 * r, 4 * r + 4);
    const weight = 75 + 8 * height + 6 * build + 2 * random.normal();
    row.set([50 + 10 * random.normal(), weight, 170 + 9 * height, 88 + 8 * build + 2 * random.normal()]);
    change(row, random);
    outputs[r] = row[0]! / 10 + row[1]! / 20;
    const expected = 75 + (8 / 9) * (row[2]! - 170) + 0.7 * (row[3]! - 88);
    errors[r] = ((row[1]! - expected) / 3) ** 2 + 0.1 * random.uniform();
  }
  return { count, rows, outputs, errors };
}

const baseline = makeBaseline(draw(createRandom(1), 3000), NAMES, ['risk'], 1);

/** A monitor after 1,000 rows without drift, and the alarms that it raises. */
function quietMonitor(random: Random): { monitor: DriftMonitor; events: AlarmEvent[] } {
  const events: AlarmEvent[] = [];
  const monitor = new DriftMonitor(baseline, { clock: () => 1e12, onEvent: (event) => events.push(event) });
  feed(monitor, draw(random, 1000));
  assert.equal(events.length, 0);
  return { monitor, events };
}

/** Sends rows one by one until `done`. */
function feed(monitor: DriftMonitor, { rows, count, outputs, errors }: HeldOut, done = () => false): number {
  for (let r = 0; r < count; r++) {
    monitor.observe(rows.subarray(4 * r), 1, outputs.subarray(r), errors.subarray(r));
    if (done()) return r + 1;
  }
  return count;
}

/** Makes the change until the first alarm, and returns its evidence. */
function firstAlarm(seed: number, change: Change) {
  const random = createRandom(seed);
  const { monitor, events } = quietMonitor(random);
  const delay = feed(monitor, draw(random, 2000, change), () => events.length > 0);
  const group = monitor.report().groups.find((one) => one.group === events[0]?.group);
  assert.ok(group?.evidence, 'no alarm');
  return { monitor, event: events[0]!, evidence: group.evidence, delay };
}

test('an alarm of a chart describes the rows since the change, long before a window holds them', () => {
  const { monitor, event, evidence, delay } = firstAlarm(1, (row) => {
    row[0]! += 12;
  });
  assert.equal(event.cause?.by, 'chart');
  assert.ok(Math.abs(evidence.rows - delay) <= 10, `${evidence.rows} rows described, ${delay} since the change`);
  const [first] = evidence.columns;
  assert.equal(first!.name, 'age');
  assert.match(first!.words, /higher by 1(\.\d+)? standard deviations/);
  assert.ok(evidence.score > evidence.threshold);
  assert.equal(evidence.statistic, 'ewma_histogram');
  assert.equal(
    first!.recent.reduce((sum, rows) => sum + rows),
    evidence.rows,
  );
  // The latest window ended before the change.
  assert.equal(monitor.report().windows[0]!.columns[0]!.words, '');
});

test('an event carries a summary of its evidence, and the end of an alarm none', () => {
  const random = createRandom(2);
  const { monitor, events } = quietMonitor(random);
  feed(
    monitor,
    draw(random, 300, (row) => {
      row[0] = 50;
    }),
  );
  const { evidence } = events[0]!;
  assert.deepEqual(evidence!.columns[0], { name: 'age', words: '100 % of rows have one value (50)' });
  assert.ok(evidence!.columns.length <= 3);
  assert.ok(evidence!.columns.every(({ words }) => words !== ''));
  monitor.reset();
  assert.deepEqual([events.at(-1)!.type, events.at(-1)!.evidence], ['cleared', null]);
  assert.equal(monitor.report().groups[0]!.evidence, null);
});

const CAUSES: readonly [string, string, Change][] = [
  [
    'whose spread shrank',
    'weight',
    (row) => {
      row[1] = 75 + 0.5 * (row[1]! - 75);
    },
  ],
  [
    'whose mean moved less than its partner hides',
    'weight',
    (row) => {
      row[1]! += 3;
    },
  ],
  [
    'that was replaced by its partner, on its own scale',
    'height',
    (row) => {
      row[2] = 170 + (9 / 10.2) * (row[1]! - 75);
    },
  ],
  [
    'that was shuffled among the rows',
    'weight',
    (row, random) => {
      row[1] = 75 + 10.2 * random.normal();
    },
  ],
];

for (const [what, name, change] of CAUSES) {
  test(`a column ${what} is named first, and not those that depended on it`, () => {
    const named = Array.from({ length: 20 }, (_, i) => firstAlarm(100 + i, change).evidence.columns[0]!.name);
    const right = named.filter((one) => one === name).length;
    // An alarm after a dozen rows leaves some doubt.
    assert.ok(right >= 14, `${right} of 20: ${named}`);
  });
}

test('evidence and the description of a window outlive a restart', () => {
  const random = createRandom(3);
  const { monitor } = quietMonitor(random);
  feed(
    monitor,
    draw(random, 700, (row, { uniform }) => {
      if (uniform() < 0.3) row[0] = 50;
    }),
  );
  const restored = new DriftMonitor(baseline, { clock: () => 1e12 });
  restored.restore(JSON.parse(JSON.stringify(monitor.state())));
  const before = monitor.report();
  assert.match(before.windows[0]!.columns[0]!.words, /^\d+ % of rows have one value \(50\)$/);
  assert.deepEqual(restored.report().windows[0], before.windows[0]);
  assert.deepEqual(restored.report().groups, before.groups);
});

test('a state that was stored without evidence is taken up; broken evidence is refused', () => {
  const random = createRandom(4);
  const { monitor } = quietMonitor(random);
  feed(
    monitor,
    draw(random, 300, (row) => {
      row[0] = 50;
    }),
  );
  const { evidence, described: _, ...earlier } = JSON.parse(JSON.stringify(monitor.state()));
  const restored = new DriftMonitor(baseline, { clock: () => 1e12 });
  restored.restore(earlier);
  const [features] = restored.report().groups;
  assert.deepEqual([features!.detected, features!.evidence], [true, null]);
  const broken = { ...earlier, evidence: evidence.map(() => ({ rows: 3 })) };
  assert.throws(() => restored.restore(broken), { code: 'INVALID_BASELINE' });
});

test('an alarm just after a restart is described by the charts, whose state was stored', () => {
  const random = createRandom(5);
  const change: Change = (row) => {
    row[0]! += 12;
  };
  const rows = draw(random, 100, change);
  const { monitor, events } = quietMonitor(random);
  const states: string[] = [];
  feed(monitor, rows, () => {
    states.push(JSON.stringify(monitor.state()));
    return events.length > 0;
  });
  // Two rows before the alarm.
  const restored = new DriftMonitor(baseline, { clock: () => 1e12 });
  restored.restore(JSON.parse(states.at(-3)!));
  const at = states.length - 2;
  feed(restored, {
    count: 2,
    rows: rows.rows.subarray(4 * at),
    outputs: rows.outputs.subarray(at),
    errors: rows.errors.subarray(at),
  });
  const [features] = restored.report().groups;
  assert.equal(features!.detected, true);
  const [first] = features!.evidence!.columns;
  assert.equal(first!.name, 'age');
  assert.match(first!.words, /^higher|% of rows (above|between)/);
});

test('a window in alarm is described once its report is read, by its own rows', (t) => {
  const describe = t.mock.method(EvidenceGatherer.prototype, 'describe');
  const random = createRandom(9);
  const { monitor } = quietMonitor(random);
  const stuck: Change = (row, { uniform }) => {
    if (uniform() < 0.3) row[0] = 50;
  };
  feed(monitor, draw(random, 5000, stuck));
  assert.equal(describe.mock.callCount(), 0);
  // The next window is half full.
  feed(monitor, draw(random, 250));
  const words = () => monitor.report().windows[0]!.columns[0]!.words;
  assert.match(words(), /^(2|3)\d % of rows have one value \(50\)$/);
  words();
  assert.equal(describe.mock.callCount(), 1);
});

test('evidence that is gathered in steps is the same, although later rows come in between', () => {
  const stuck: Change = (row, { uniform }) => {
    if (uniform() < 0.3) row[0] = 50;
  };
  const steps: (() => boolean)[] = [];
  const [now, later]: [AlarmEvent[], AlarmEvent[]] = [[], []];
  const atOnce = new DriftMonitor(baseline, { clock: () => 1e12, onEvent: (event) => now.push(event) });
  const inSteps = new DriftMonitor(baseline, {
    clock: () => 1e12,
    onEvent: (event) => later.push(event),
    gather: (step) => steps.push(step),
  });
  const { rows, outputs, errors } = draw(createRandom(11), 1500, stuck);
  let count = 0;
  for (let r = 0; r < 1500; r++) {
    for (const monitor of [atOnce, inSteps]) {
      monitor.observe(rows.subarray(4 * r), 1, outputs.subarray(r), errors.subarray(r));
    }
    // A step for every other row.
    if (r % 2 === 0 && steps[0] && ++count && !steps[0]()) steps.shift();
  }
  assert.ok(count > 10, `${count} steps`);
  assert.ok(now.length >= 1);
  for (const step of steps) while (step());
  assert.deepEqual(later, now);
  assert.deepEqual(
    inSteps.report().groups.map(({ evidence }) => evidence),
    atOnce.report().groups.map(({ evidence }) => evidence),
  );
});

test('a report and the end of an alarm wait for the evidence, which is gathered at once then', () => {
  const types: string[] = [];
  const monitor = new DriftMonitor(baseline, {
    clock: () => 1e12,
    onEvent: ({ type, evidence }) => types.push(`${type} ${evidence !== null}`),
    gather: () => {},
  });
  feed(
    monitor,
    draw(createRandom(12), 500, (row) => {
      row[0] = 50;
    }),
  );
  assert.deepEqual(types, []);
  const raised = monitor.report().groups.filter(({ detected, evidence }) => detected && evidence);
  assert.ok(raised.length > 0);
  assert.deepEqual(types, Array(raised.length).fill('raised true'));
  types.length = 0;
  monitor.reset();
  assert.deepEqual(types, Array(raised.length).fill('cleared false'));
});

test('an extreme prediction or error of a few rows is blamed on the value that is out of range in them', () => {
  const garbage: [number, number][] = [
    // A prediction 11 ranges out at once, and errors without an extreme prediction.
    [0, 1000],
    [3, 400],
  ];
  for (const [column, value] of garbage) {
    for (let seed = 1; seed <= 8; seed++) {
      const random = createRandom(seed);
      const { monitor, events } = quietMonitor(random);
      const rare: Change = (row, { below }) => {
        if (below(25) === 0) row[column] = value;
      };
      feed(monitor, draw(random, 300, rare));
      assert.ok(events.length > 0);
      for (const { group, cause, evidence } of events) {
        const place = `seed ${seed}, ${group} by ${cause?.name}`;
        const [first, ...others] = evidence!.columns;
        assert.equal(first!.name, NAMES[column], place);
        assert.match(
          first!.words,
          new RegExp(`out of the range .*the furthest ${value}|above the reference range`),
          place,
        );
        // What no longer fits the garbage may be named after it.
        const blamed = others.filter(
          ({ name, words }) => NAMES.includes(name) && !words.startsWith('no longer depends'),
        );
        assert.deepEqual(
          blamed.map(({ name, words }) => `${name}: ${words}`),
          [],
          place,
        );
      }
    }
  }
});
