import { join } from 'node:path';
import { DomainError } from '../../base/domain-error.js';
import { readBaseline } from '../../model/baseline/read-baseline.js';
import { loadEngine } from '../../model/network/engine.js';
import { predictAll } from '../../model/network/predictor.js';
import { FileStore } from '../../model/store/file-store.js';
import { openVersion } from '../../model/versions/version.js';
import { readConfig } from '../../server/config.js';
import { drawFromCopula } from './copula.js';
import { drawFromRows } from './draw.js';
import { heldOutRows } from './held-out-rows.js';
import { MAX_WINDOWS, selfCheck } from './self-check.js';

// Prints how often the newest version's drift monitor will raise false alarms and what it will notice, before anyone
// deploys it: `npm run drift:self-check`. Reads the server's environment variables. Ends with 1 if there is no version or
// baseline, and if false alarms are more frequent than asked for.

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
    const why = `it was trained with ${card.data.validation_rows} rows held out, which say too little`;
    throw new DomainError('INVALID_BASELINE', `version ${version} has no baseline, drift is off: ${why}`);
  }
  const baseline = readBaseline(Buffer.from(json).toString());
  const held = await heldOutRows(config.TRAIN_DATA, card, baseline);
  console.log(`Model ${config.MODEL_NAME}, version ${version}, baseline of ${baseline.rows} rows.`);
  if ('rows' in held) console.log(`ROWS: the real rows of ${config.TRAIN_DATA} that were held out, resampled.`);
  else {
    const how = baseline.conditional
      ? 'a Gaussian copula fitted to the baseline'
      : 'the baseline, features INDEPENDENT';
    console.log(`ROWS: NOT REAL ONES but drawn from ${how}, because ${held.reason}.`);
  }

  const width = card.features.length;
  const draw = 'rows' in held ? drawFromRows(held.rows, width) : drawFromCopula(baseline);
  const predict = (rows: Float32Array) => {
    const count = rows.length / width;
    return { count, rows, ...predictAll(predictor, rows, count) };
  };
  const { DRIFT_ROWS_BETWEEN_FALSE_ALARMS: rowsBetweenFalseAlarms, DRIFT_WINDOW_ROWS: windowRows } = config;
  const { falseAlarms, shifts } = selfCheck(baseline, draw, predict, {
    rowsBetweenFalseAlarms,
    windowRows,
    seed: SEED,
  });
  predictor.close();

  const { rows, alarms, expected, low, high } = falseAlarms;
  const tooMany = low > expected;
  const verdict = tooMany
    ? 'MORE OFTEN than asked for'
    : high < expected
      ? 'more seldom than asked for'
      : 'as asked for';
  console.log(`\nFalse alarms in ${rows} rows: ${alarms}, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}.`);
  console.log(`Expected of one in ${rowsBetweenFalseAlarms} rows: ${expected.toFixed(1)}. They come ${verdict}.\n`);
  const most = MAX_WINDOWS * windowRows;
  console.log(`| shift | windows of ${windowRows} rows that notice it | median rows to an alarm |`);
  console.log('|---|---:|---:|');
  for (const { name, detected, delay } of shifts) {
    const wait = delay === Number.POSITIVE_INFINITY ? `more than ${most}` : String(delay);
    console.log(`| ${name} | ${(100 * detected).toFixed(0)} % | ${wait} |`);
  }
  if (tooMany) process.exitCode = 1;
}
