import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRandom, type Random } from '../../src/base/statistics/random.js';
import { drawFromCopula } from '../../src/cli/drift-self-check/copula.js';
import { drawFromRows } from '../../src/cli/drift-self-check/draw.js';
import { sumUp } from '../../src/cli/drift-self-check/false-alarms.js';
import { heldOutRows } from '../../src/cli/drift-self-check/held-out-rows.js';
import { selfCheck } from '../../src/cli/drift-self-check/self-check.js';
import { STANDARD_SHIFTS } from '../../src/cli/drift-self-check/shifts.js';
import { type HeldOut, makeBaseline } from '../../src/model/baseline/baseline.js';
import { readBaseline } from '../../src/model/baseline/read-baseline.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { predictAll } from '../../src/model/network/predictor.js';
import { FileStore } from '../../src/model/store/file-store.js';
import { csvToTable } from '../../src/model/tables/csv/csv-table.js';
import { runTraining } from '../../src/model/training/process/trainer.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';
import { openVersion } from '../../src/model/versions/version.js';
import { assertClose } from '../support/close-to.js';
import { runCommand } from '../support/command-line.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const NAMES = ['height', 'weight', 'dose'];

/** Draws rows in which weight depends on height, and dose is 0 in half of them and 1 or 2 in a quarter each. */
function draw(count: number, random: Random): Float32Array {
  const rows = new Float32Array(count * 3);
  for (let at = 0; at < rows.length; at += 3) {
    const height = random.normal();
    rows[at] = 170 + 9 * height;
    rows[at + 1] = 70 + 6.4 * height + 4.8 * random.normal();
    rows[at + 2] = Math.max(0, random.below(4) - 1);
  }
  return rows;
}

/** A model that reconstructs weight from height. */
function predict(rows: Float32Array): HeldOut {
  const count = rows.length / 3;
  const at = (r: number, j: number) => (Number.isNaN(rows[3 * r + j]) ? [170, 70, 0.75][j]! : rows[3 * r + j]!);
  return {
    count,
    rows,
    outputs: Float32Array.from({ length: count }, (_, r) => at(r, 0) / 100 + at(r, 2)),
    errors: Float32Array.from({ length: count }, (_, r) => ((at(r, 1) - 70) / 8 - (0.8 * (at(r, 0) - 170)) / 9) ** 2),
  };
}

const baseline = makeBaseline(predict(draw(1000, createRandom(1))), NAMES, ['risk'], 1);
const QUICK = { windowRows: 200, seed: 1, baselines: 4, quietRows: 10_000 };

test('the self-check finds the configured rate of false alarms, and detects drift', () => {
  const { falseAlarms, shifts } = selfCheck(baseline, draw, predict, { ...QUICK, rowsBetweenFalseAlarms: 4000 });
  assert.equal(falseAlarms.rows, 40_000);
  assert.equal(falseAlarms.expected, 10);
  // Four standard deviations of the expected Poisson count; the tests of the monitor are slightly conservative.
  assert.ok(falseAlarms.alarms >= 1 && falseAlarms.alarms <= 22, `${falseAlarms.alarms} false alarms`);
  assert.ok(falseAlarms.low < falseAlarms.alarms && falseAlarms.alarms < falseAlarms.high);
  const byName = Object.fromEntries(shifts.map((shift) => [shift.name, shift]));
  assert.deepEqual(
    Object.keys(byName),
    STANDARD_SHIFTS.map(({ name }) => name),
  );
  assert.equal(byName['one feature: unit × 1000']!.detected, 1);
  assert.ok(byName['one feature: unit × 1000']!.delay <= 30);
  const small = byName['one feature: mean + 0.25 sd']!;
  const large = byName['one feature: mean + 1 sd']!;
  assert.equal(large.detected, 1);
  assert.ok(large.delay < small.delay && large.delay <= 100, `${large.delay}, ${small.delay}`);
});

test('a monitor configured for more false alarms raises more', () => {
  const alarms = [2000, 100_000].map(
    (rowsBetweenFalseAlarms) =>
      selfCheck(baseline, draw, predict, { ...QUICK, rowsBetweenFalseAlarms }).falseAlarms.alarms,
  );
  assert.ok(alarms[0]! > alarms[1]! + 3, String(alarms));
});

test('the monitor is reset after each alarm, so that no alarm hides the next', () => {
  const drawLarger = (count: number, random: Random) =>
    draw(count, random).map((value, at) => (count < baseline.rows && at % 3 === 0 ? value + 9 : value));
  const { alarms } = selfCheck(baseline, drawLarger, predict, { ...QUICK, rowsBetweenFalseAlarms: 4000 }).falseAlarms;
  assert.ok(alarms > 100, `${alarms} alarms in 40,000 rows of which all have drifted`);
});

test('undetectable shifts are reported as undetected', () => {
  // Independent noise has no dependence to lose.
  const noise = (count: number, random: Random) => Float32Array.from({ length: 3 * count }, () => random.normal());
  const of = makeBaseline(predict(noise(1000, createRandom(1))), NAMES, ['risk'], 1);
  const blind = (rows: Float32Array): HeldOut => ({ ...predict(rows), errors: new Float32Array(rows.length / 3) });
  const { shifts } = selfCheck(of, noise, blind, { ...QUICK, quietRows: 1000, rowsBetweenFalseAlarms: 100_000 });
  const shuffled = shifts.find(({ name }) => name.endsWith('shuffled among the rows'))!;
  assert.ok(shuffled.detected < 0.3);
  assert.equal(shuffled.delay, Number.POSITIVE_INFINITY);
});

test('constant features are not shifted, and a table of constant features has no shifts', () => {
  const constant = (count: number) => new Float32Array(3 * count).fill(5);
  const of = makeBaseline(predict(constant(300)), NAMES, ['risk'], 1);
  const { shifts, falseAlarms } = selfCheck(of, constant, predict, { ...QUICK, rowsBetweenFalseAlarms: 4000 });
  assert.deepEqual(shifts, []);
  assert.equal(falseAlarms.alarms, 0);
});

test('the interval of a count is that of Garwood, and wider if runs vary more than by chance', () => {
  // R 4: poisson.test(10)$conf.int and poisson.test(0)$conf.int.
  const ten = sumUp([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1000, 1000);
  assertClose([ten.low, ten.high], [4.795389, 18.390356], 1e-6);
  const none = sumUp([0, 0], 1000, 1000);
  assertClose([none.low, none.high], [0, 3.688879], 1e-6);
  const uneven = sumUp([10, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1000, 1000);
  assert.ok(uneven.low < 1 && uneven.high > 40, `${uneven.low} to ${uneven.high}`);
});

test('a copula reproduces values, shares and correlation', () => {
  const count = 20_000;
  const rows = drawFromCopula(baseline)(count, createRandom(2));
  const column = (j: number) => Float64Array.from({ length: count }, (_, r) => rows[3 * r + j]!);
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / count;
  const [height, weight, dose] = [column(0), column(1), column(2)];
  const off = (values: Float64Array) => {
    const centre = mean(values);
    return values.map((value) => value - centre);
  };
  const [a, b] = [off(height), off(weight)];
  const product = (x: Float64Array, y: Float64Array) => mean(x.map((value, r) => value * y[r]!));
  const { features } = baseline;
  assert.ok(Math.abs(mean(height) - features[0]!.mean) < 0.3);
  assert.ok(Math.abs(Math.sqrt(product(a, a)) / features[0]!.deviation - 1) < 0.03);
  // 0.8 in the rows that the baseline was made from, give or take their sampling error.
  assert.ok(Math.abs(product(a, b) / Math.sqrt(product(a, a) * product(b, b)) - 0.8) < 0.03);
  assert.deepEqual([...new Set(dose)].sort(), [0, 1, 2]);
  for (const [k, reference] of features[2]!.bins.counts.entries()) {
    const share = dose.filter((value) => value === k).length / count;
    assert.ok(Math.abs(share - reference / 1000) < 0.02, `dose ${k}: ${share}`);
  }
});

test('a copula reproduces the share of missing values', () => {
  const rows = draw(1000, createRandom(1));
  for (let r = 0; r < 300; r++) rows[3 * r + 1] = Number.NaN;
  const of = makeBaseline(predict(rows), NAMES, ['risk'], 1);
  const drawn = drawFromCopula(of)(10_000, createRandom(3));
  const missing = Array.from({ length: 3 }, (_, j) => drawn.filter((v, at) => at % 3 === j && Number.isNaN(v)).length);
  assert.deepEqual([missing[0], missing[2]], [0, 0]);
  assert.ok(Math.abs(missing[1]! / 10_000 - 0.3) < 0.03, String(missing));
});

test('rows are drawn whole, with replacement', () => {
  const drawn = drawFromRows(Float32Array.of(1, 10, 2, 20, 3, 30), 2)(100, createRandom(1));
  for (let at = 0; at < drawn.length; at += 2) assert.equal(drawn[at + 1], 10 * drawn[at]!);
  assert.deepEqual([...new Set(drawn.filter((_, at) => at % 2 === 0))].sort(), [1, 2, 3]);
});

test('the held-out rows of a training are recovered from its data, and from no other data', async (t) => {
  const directory = temporaryDirectory(t);
  const store = new FileStore(join(directory, 'model'));
  const stage = await store.stage();
  const data = fileURLToPath(new URL('../../../data/auto-mpg.csv', import.meta.url));
  await csvToTable(createReadStream(data), join(stage, 'table'), ['mpg']);
  const options = { ...DEFAULT_TRAINING, epochs: 1, seed: 7 };
  await runTraining(
    { stage, engine: 'kernel', options, gate: { promote: 'gate', tolerance: 0.05, serving: null } },
    () => {},
    new AbortController().signal,
  );
  const files = await store.read(await store.publish(stage));
  const { card, predictor } = openVersion(files, await loadEngine('kernel'));
  t.after(() => predictor.close());
  const predictRows = (rows: Float32Array) => {
    const count = rows.length / card.features.length;
    return { count, rows, ...predictAll(predictor, rows, count) };
  };
  const made = readBaseline(Buffer.from(files.get('baseline.json')!).toString());

  const heldOut = await heldOutRows(data, card, made, predictRows);
  assert.ok('rows' in heldOut, JSON.stringify(heldOut));
  assert.equal(heldOut.rows.length, made.rows * card.features.length);

  const reasons = [
    await heldOutRows(join(directory, 'none.csv'), card, made, predictRows),
    await heldOutRows(data, { ...card, data: { ...card.data, fingerprint: 'another' } }, made, predictRows),
    await heldOutRows(data, { ...card, training: { ...card.training, validation_split: 0.3 } }, made, predictRows),
  ].map((none) => ('reason' in none ? none.reason : 'no reason'));
  assert.match(reasons[0]!, /none\.csv does not exist/);
  assert.match(reasons[1]!, /the model was not trained on/);
  assert.match(reasons[2]!, /do not reproduce this baseline/);
});

test('the command reports that there is no version to check', async (t) => {
  const { code, stderr } = await runCommand(t, ['self-check'], { env: { MODEL_STORE: temporaryDirectory(t) } });
  assert.equal(code, 1);
  assert.match(stderr, /^error: .*: there is no version/);
});
