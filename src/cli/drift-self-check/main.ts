import { join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { readBaseline } from '../../model/baseline/read-baseline.js';
import { loadEngine } from '../../model/engines/load-engine.js';
import { predictAll } from '../../model/network/predictor.js';
import { FileStore } from '../../model/store/file-store.js';
import { openVersion } from '../../model/versions/version.js';
import { readConfig } from '../../server/config.js';
import { drawFromCopula } from './copula.js';
import { drawFromRows } from './draw.js';
import { heldOutRows } from './held-out-rows.js';
import { MAX_WINDOWS, selfCheck } from './self-check.js';

// Estimates the false alarms and the power of the drift monitor of the newest version before it is deployed:
// `npm run drift:self-check`. Reads the environment variables of the server. Exits with 1 if there is no version or baseline,
// or if false alarms are more frequent than configured.

const SEED = 1;

try {
  await check();
} catch (error) {
  if (!(error instanceof DomainError)) throw error;
  console.error(`drift self-check: ${error.message}`);
  process.exitCode = 1;
}

async function check(): Promise<void> {
  const config = readConfig(process.env);
  const store = new FileStore(join(config.MODEL_STORE, config.MODEL_NAME));
  const version = (await store.list()).at(-1);
  if (version === undefined) {
    throw new DomainError(
      'VERSION_NOT_FOUND',
      `there is no version in ${store.location}; start the service or train one`,
    );
  }
  const files = await store.read(version);
  const { card, predictor } = openVersion(files, await loadEngine(config.ENGINE));
  const json = files.get('baseline.json');
  if (!json) {
    const reason = `its training held out only ${card.data.validation_rows} rows`;
    throw new DomainError(
      'INVALID_BASELINE',
      `version ${version} has no baseline, so drift monitoring is off: ${reason}`,
    );
  }
  const baseline = readBaseline(Buffer.from(json).toString());
  const width = card.features.length;
  const predict = (rows: Float32Array) => {
    const count = rows.length / width;
    return { count, rows, ...predictAll(predictor, rows, count) };
  };
  const held = await heldOutRows(config.TRAIN_DATA, card, baseline, predict);
  if (!('rows' in held) && baseline.features.some(({ watched }) => watched)) {
    throw new DomainError(
      'INVALID_BASELINE',
      `rows of categories, booleans and times cannot be drawn from a baseline: set TRAIN_DATA to the table of version ${version}` +
        ` (${held.reason})`,
    );
  }
  console.log(`Model ${config.MODEL_NAME}, version ${version}, baseline of ${baseline.rows} rows.`);
  if ('rows' in held) console.log(`ROWS: resampled from the real held-out rows of ${config.TRAIN_DATA}.`);
  else {
    const source = baseline.conditional
      ? 'a Gaussian copula fitted to the baseline'
      : 'the baseline with INDEPENDENT features';
    console.log(`ROWS: SYNTHETIC, drawn from ${source}, because ${held.reason}.`);
  }

  const draw = 'rows' in held ? drawFromRows(held.rows, width) : drawFromCopula(baseline);
  const { DRIFT_ROWS_BETWEEN_FALSE_ALARMS: rowsBetweenFalseAlarms, DRIFT_WINDOW_ROWS: windowRows } = config;
  const { falseAlarms, shifts } = selfCheck(baseline, draw, predict, {
    columns: card.columns,
    rowsBetweenFalseAlarms,
    windowRows,
    seed: SEED,
  });
  predictor.close();

  const { rows, alarms, expected, low, high } = falseAlarms;
  const tooMany = low > expected;
  const verdict = tooMany
    ? 'MORE FREQUENT than configured'
    : high < expected
      ? 'less frequent than configured'
      : 'consistent with it';
  console.log(`\nFalse alarms in ${rows} rows: ${alarms}, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}.`);
  console.log(
    `Expected at one in ${rowsBetweenFalseAlarms} rows: ${expected.toFixed(1)}. The measured rate is ${verdict}.\n`,
  );
  const maxRows = MAX_WINDOWS * windowRows;
  console.log(`| shift | windows of ${windowRows} rows with an alarm | median rows to the alarm |`);
  console.log('|---|---:|---:|');
  for (const { name, detected, delay } of shifts) {
    const wait = delay === Number.POSITIVE_INFINITY ? `more than ${maxRows}` : String(delay);
    console.log(`| ${name} | ${(100 * detected).toFixed(0)} % | ${wait} |`);
  }
  if (tooMany) process.exitCode = 1;
}
