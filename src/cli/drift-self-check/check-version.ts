import { DomainError } from '../../base/domain-error.js';
import { readBaseline } from '../../model/baseline/read-baseline.js';
import { type Predictor, predictAll } from '../../model/network/predictor.js';
import type { Card } from '../../model/versions/card.js';
import type { VersionFiles } from '../../model/versions/version.js';
import { drawFromCopula } from './copula.js';
import { drawFromRows } from './draw.js';
import { heldOutRows } from './held-out-rows.js';
import { type SelfCheck, selfCheck } from './self-check.js';

const SEED = 1;

export interface CheckedVersion {
  /** Names it in messages. */
  readonly label: string;
  readonly files: VersionFiles;
  readonly card: Card;
  readonly predictor: Predictor;
}

export interface CheckOptions {
  /** The table that the version was trained on, if it is at hand. */
  readonly data: string;
  readonly rowsBetweenFalseAlarms: number;
  readonly windowRows: number;
}

export interface VersionCheck extends SelfCheck {
  readonly baselineRows: number;
  /** Where the rows of the check came from, in words. */
  readonly source: string;
  /** False alarms are more frequent than configured. */
  readonly tooMany: boolean;
}

/**
 * Estimates the false alarms and the power of the drift monitor of a version before it is deployed. Throws `INVALID_BASELINE` if it
 * has no baseline, or one from which rows cannot be drawn.
 */
export async function checkVersion(
  { label, files, card, predictor }: CheckedVersion,
  options: CheckOptions,
): Promise<VersionCheck> {
  const { data, rowsBetweenFalseAlarms, windowRows } = options;
  const json = files.get('baseline.json');
  if (!json) {
    const reason = `its training held out only ${card.data.validation_rows} rows`;
    throw new DomainError('INVALID_BASELINE', `${label} has no baseline, so drift monitoring is off: ${reason}`);
  }
  const baseline = readBaseline(Buffer.from(json).toString());
  const width = card.features.length;
  const predict = (rows: Float32Array) => {
    const count = rows.length / width;
    return { count, rows, ...predictAll(predictor, rows, count) };
  };
  const held = await heldOutRows(data, card, baseline, predict);
  if (!('rows' in held) && baseline.features.some(({ watched }) => watched)) {
    throw new DomainError(
      'INVALID_BASELINE',
      `rows of categories, booleans and times cannot be drawn from a baseline: --data or TRAIN_DATA names the table of ${label}` +
        ` (${held.reason})`,
    );
  }
  const copula = baseline.conditional
    ? 'a Gaussian copula fitted to the baseline'
    : 'the baseline with INDEPENDENT features';
  const source =
    'rows' in held
      ? `resampled from the real held-out rows of ${data}`
      : `SYNTHETIC, drawn from ${copula}, because ${held.reason}`;
  const draw = 'rows' in held ? drawFromRows(held.rows, width) : drawFromCopula(baseline);
  const check = selfCheck(baseline, draw, predict, {
    columns: card.columns,
    rowsBetweenFalseAlarms,
    windowRows,
    seed: SEED,
  });
  const { low, expected } = check.falseAlarms;
  return { ...check, baselineRows: baseline.rows, source, tooMany: low > expected };
}
