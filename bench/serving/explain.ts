// Prints how long the contributions of a row take, by the number of its columns, how exact they are, and how long 10,000 rows keep the
// event loop from other requests: `node dist/bench/serving/explain.js`. Exits with 1 if a target is missed.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TimeSlice } from '../../src/base/node/time-slice.js';
import { createRandom } from '../../src/base/statistics/random.js';
import { finish } from '../../src/base/steps.js';
import { makeBaseline } from '../../src/model/baseline/baseline.js';
import { loadKernel } from '../../src/model/engines/kernel/network.js';
import { drawBackground } from '../../src/model/explanation/background.js';
import { Explainer } from '../../src/model/explanation/explainer.js';
import { initialWeights } from '../../src/model/network/initial-weights.js';
import { Predictor } from '../../src/model/network/predictor.js';
import { DEFAULT_AUXILIARY_WEIGHT, DEFAULT_HIDDEN } from '../../src/model/network/shape.js';
import { contributionsOf } from '../../src/server/service/prediction/contributions.js';
import type { Observation } from '../../src/server/service/prediction/prediction-service.js';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';

const COLUMNS = [1, 4, 8, 10, 11, 20, 50, 200];
const TURNS = 7;
/** Milliseconds of rows that a turn explains. */
const TURN = 200;
/** Columns, milliseconds of a row, and those that the event loop may wait, of the targets. */
const [JUDGED, MAX_ROW, MAX_WAIT] = [8, 2, 25];
const HELD_OUT = 1000;
const MANY = process.argv.includes('--quick') ? 1000 : 10_000;

const createEngine = loadKernel();

/** A network of these columns with random weights, twice as large as those that a training starts with, so that columns interact. */
function prepare(columns: number, rows: number) {
  const random = createRandom(columns);
  const features = Array.from({ length: columns }, (_, j) => `x${j}`);
  const shape = { inputs: columns, outputs: 1, hidden: DEFAULT_HIDDEN, auxiliaryWeight: DEFAULT_AUXILIARY_WEIGHT };
  const weights = initialWeights(shape, 1).map((weight) => 2 * weight);
  const standard = { mean: features.map(() => 0), scale: features.map(() => 1) };
  const scalers = { features: standard, targets: { mean: [0], scale: [1] } };
  const predictor = new Predictor(createEngine(shape, weights), scalers);
  const draw = (count: number) => Float32Array.from({ length: count * columns }, () => random.normal());
  const heldOut = draw(HELD_OUT);
  const { outputs, errors } = predictor.predict(heldOut, HELD_OUT);
  const summarised = { count: HELD_OUT, rows: heldOut, outputs: outputs.slice(), errors: errors.slice() };
  const baseline = makeBaseline(summarised, features, ['y'], 1);
  const card = { features, targets: ['y'], scalers };
  const explainer = new Explainer(predictor, createEngine, () => drawBackground(card, baseline));
  const prediction = predictor.predict(draw(rows), rows);
  const own = { inputs: prediction.inputs.slice(), outputs: prediction.outputs.slice() };
  return { explainer, serving: { card, explainer }, count: rows, prediction: own };
}

const verdicts = new Verdicts();
console.log('# Contributions\n');
printMachine();
console.log(
  `A network of ${DEFAULT_HIDDEN.length} layers of ${DEFAULT_HIDDEN[0]} units; medians of ${TURNS} turns, with minimum and maximum in brackets.\n`,
);
console.log(
  '| columns | ms per row | of processor time | standard error, of the largest contribution |\n|---:|---:|---:|---:|',
);
for (const columns of COLUMNS) {
  const { explainer, prediction } = prepare(columns, 64);
  const explain = (row: number) =>
    finish(explainer.explain(prediction.inputs, row % 64, prediction.outputs.subarray(row % 64)));
  const first = performance.now();
  for (let row = 0; row < 8; row++) explain(row);
  const rows = Math.max(4, Math.ceil((TURN * 8) / (performance.now() - first)));
  const times: number[] = [];
  const processor: number[] = [];
  let error = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    const used = process.cpuUsage();
    for (let row = 0; row < rows; row++) {
      const { values, standardErrors } = explain(row);
      error += standardErrors[0]! / values.reduce((max, value) => Math.max(max, Math.abs(value)), 0) / rows / TURNS;
    }
    times.push((performance.now() - start) / rows);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1000 / rows);
  }
  console.log(
    `| ${columns} | ${spread(times, 2)} | ${spread(processor, 2)} | ${error === 0 ? 'exact' : `${(100 * error).toFixed(1)} %`} |`,
  );
  if (columns !== JUDGED) continue;
  // On a machine that does other work, too, the processor time says what a row takes.
  const row = Math.min(median(times), median(processor));
  verdicts.judge(`a row of ${JUDGED} columns in ${row.toFixed(2)} ms, at most ${MAX_ROW}`, row <= MAX_ROW);
}

const many = prepare(JUDGED, MANY);
let [isOver, longest, processor] = [false, 0, 0];
const others = (async () => {
  for (let [last, used] = [performance.now(), process.cpuUsage()]; !isOver; ) {
    await nextTurn();
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, performance.now() - last);
    processor = Math.max(processor, (user + system) / 1000);
    [last, used] = [performance.now(), process.cpuUsage()];
  }
})();
const start = performance.now();
await contributionsOf(many as unknown as Observation, new TimeSlice(), () => false);
isOver = true;
await others;
const seconds = (performance.now() - start) / 1000;
console.log(
  `\n${MANY} rows of ${JUDGED} columns take ${seconds.toFixed(1)} s; the longest turn of the event loop is ${longest.toFixed(1)} ms, with ${processor.toFixed(1)} ms of processor time.\n`,
);
const wait = Math.min(longest, processor);
verdicts.judge(`the event loop waits for ${wait.toFixed(1)} ms, at most ${MAX_WAIT}`, wait <= MAX_WAIT);
verdicts.print();
