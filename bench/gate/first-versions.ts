import { createRandom } from '../../src/base/statistics/random.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { Predictor } from '../../src/model/network/predictor.js';
import type { LabelledRows } from '../../src/model/tables/labelled-rows.js';
import { evaluateBaselines } from '../../src/model/training/baselines/baselines.js';
import { judge } from '../../src/model/training/gate/gate.js';
import { train } from '../../src/model/training/training.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';

// Prints how often the gate promotes a first version, for docs/gate.md: by the rows of the table, and by how much of the target
// can be known. Takes some minutes. Usage: npm run compile && node dist/bench/gate/first-versions.js

const RUNS = 60;
const ROWS = [10, 20, 50, 100, 400];
const KNOWABLE = [0, 0.3, 0.7, 0.9];
const SPREADS = ['normal', 'heavy'] as const;

const createEngine = await loadEngine('kernel');

console.log(`Promoted of ${RUNS} first versions, by the share of the target's variance that three features settle:\n`);
console.log(`| noise | rows | held out | ${KNOWABLE.map((share) => `${100 * share} %`).join(' | ')} | warned |`);
console.log(`|---|---|---|${'---|'.repeat(KNOWABLE.length + 1)}`);
for (const spread of SPREADS) {
  for (const rows of ROWS) {
    const promoted: number[] = [];
    let warned = 0;
    for (const share of KNOWABLE) {
      let count = 0;
      for (let seed = 1; seed <= RUNS; seed++) {
        const gate = await gateOf(linear(seed, rows, share, spread), seed);
        if (gate.decision === 'promoted') count++;
        if (gate.warnings!.length > 0) warned++;
      }
      promoted.push(count);
    }
    const cells = promoted.map((count) => `${Math.round((100 * count) / RUNS)} %`);
    const warnings = `${Number(((100 * warned) / (RUNS * KNOWABLE.length)).toFixed(1))} %`;
    console.log(`| ${spread} | ${rows} | ${Math.round(0.2 * rows)} | ${cells.join(' | ')} | ${warnings} |`);
  }
}

async function gateOf(data: LabelledRows, seed: number) {
  const result = await train(createEngine, data, 3, ['y'], { ...DEFAULT_TRAINING, seed });
  const { heldOut, scalers } = result;
  using predictor = new Predictor(createEngine(result.shape, result.weights), scalers);
  const { ridge } = evaluateBaselines(predictor, heldOut, ['y'], result.ridge);
  return judge(heldOut, heldOut.outputs, scalers.targets, null, { promote: 'gate', tolerance: 0.05 }, ridge);
}

/** Rows whose target is a line of two of three features, and noise; heavy noise is that of Student's t with 3 degrees of freedom. */
function linear(seed: number, rows: number, share: number, spread: (typeof SPREADS)[number]): LabelledRows {
  const random = createRandom(1000 * rows + seed);
  const features = Float32Array.from({ length: 3 * rows }, () => random.normal());
  const noise = () => {
    const normal = random.normal();
    if (spread === 'normal') return normal;
    const chi = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
    return normal / Math.sqrt(chi);
  };
  const targets = Float32Array.from({ length: rows }, (_, row) => {
    const known = (features[3 * row]! + features[3 * row + 1]!) / Math.SQRT2;
    return Math.sqrt(share) * known + Math.sqrt(1 - share) * noise();
  });
  return { rows, features, targets };
}
