import { DomainError } from '../../../base/domain-error.js';
import type { WaitingRows } from '../../../model/feedback/labelled-batch.js';
import { assertColumns, type Columns, orderLike } from '../../../model/tables/columns.js';
import {
  type JsonRows,
  type JsonTable,
  readArray,
  readJsonTable,
  readNumber,
} from '../../../model/tables/json/json-table.js';
import { checkCount, isFloat32 } from '../../../model/tables/rows.js';

const ADVICE = 'feedback is of the serving model';

/** What is asked of the rows of a request. */
export interface FeedbackTerms {
  /** Those of the serving model. */
  readonly columns: Columns;
  /** Whether a feature may be missing. */
  readonly allowMissing: boolean;
  readonly maxRows: number;
}

/** Rows with their targets, complete. */
export interface FeedbackRows {
  readonly rows: number;
  /** Rows left out for a missing or non-finite value. */
  readonly dropped: number;
  /** `[rows, features]`, NaN where a value is missing that the model may miss. */
  readonly features: Float32Array;
  /** `[rows, targets]` */
  readonly targets: Float32Array;
  /** `[rows]`: which row of the request each was. */
  readonly numbers: Int32Array;
}

/**
 * Reads rows that a body gives with their targets. A row without one of its targets is dropped, and so is one without a
 * feature, unless that may be missing.
 *
 * Throws `INVALID_ROWS` with the place, `FEATURES_CHANGED` if they are not of the serving model's columns, `TOO_LARGE`,
 * and `TOO_MANY_MISSING` if no row is left.
 */
export function readFeedback(body: JsonRows, { columns, allowMissing, maxRows }: FeedbackTerms): FeedbackRows {
  const table = readJsonTable(body, columns, (found) => orderLike(columns, found, ADVICE));
  checkCount(table.rows, 'instances', maxRows);
  return complete(table, allowMissing);
}

/**
 * Joins the rows of predictions with their targets: `targets[i]` has one per row of prediction `i`, each a number or an
 * array of them. Throws as `readFeedback`, with the place in `targets`.
 */
export function joinTargets(
  predictions: readonly WaitingRows[],
  targets: readonly unknown[],
  { columns, maxRows }: FeedbackTerms,
): FeedbackRows {
  if (targets.length !== predictions.length) {
    throw new DomainError(
      'INVALID_ROWS',
      `targets: expected one per id (${predictions.length}), got ${targets.length}`,
    );
  }
  const rows = predictions.reduce((sum, one) => sum + one.rows, 0);
  checkCount(rows, 'ids', maxRows);
  const [width, depth] = [columns.features.length, columns.targets.length];
  const features = new Float32Array(rows * width);
  let at = 0;
  const given = predictions.flatMap((prediction, i) => {
    assertColumns(columns, prediction.columns, `ids[${i}] was predicted by a model of those`);
    features.set(prediction.features, at);
    at += prediction.features.length;
    return readArray(targets[i], prediction.rows, () => `targets[${i}]`);
  });
  const row = (n: number) => {
    const target = given[n];
    const several = Array.isArray(target) || depth > 1;
    const place = () => placeOfTarget(predictions, n);
    const values = several ? readArray(target, depth, place) : [target];
    return (column: number) =>
      column < width
        ? features[n * width + column]!
        : readNumber(values[column - width], () => (several ? `${place()}[${column - width}]` : place()));
  };
  // What the model has predicted it may have missed.
  return complete({ columns, rows, row }, true);
}

/** Where the target of row `n`, of all rows of the predictions, is in a request. */
export function placeOfTarget(predictions: readonly WaitingRows[], n: number): string {
  let [i, r] = [0, n];
  for (; r >= predictions[i]!.rows; i++) r -= predictions[i]!.rows;
  return `targets[${i}][${r}]`;
}

function complete({ columns, rows, row }: JsonTable, allowMissing: boolean): FeedbackRows {
  const [width, depth] = [columns.features.length, columns.targets.length];
  const features = new Float32Array(rows * width);
  const targets = new Float32Array(rows * depth);
  const numbers = new Int32Array(rows);
  let kept = 0;
  for (let i = 0; i < rows; i++) {
    const value = row(i);
    let whole = true;
    for (let j = 0; j < width; j++) {
      const number = value(j);
      const there = isFloat32(number);
      features[kept * width + j] = there ? number : Number.NaN;
      whole &&= there || allowMissing;
    }
    for (let j = 0; j < depth; j++) {
      const number = value(width + j);
      const there = isFloat32(number);
      targets[kept * depth + j] = there ? number : Number.NaN;
      whole &&= there;
    }
    if (whole) numbers[kept++] = i;
  }
  if (kept === 0) {
    throw new DomainError('TOO_MANY_MISSING', `none of the ${rows} rows has a finite number in every column it needs`);
  }
  return {
    rows: kept,
    dropped: rows - kept,
    features: features.slice(0, kept * width),
    targets: targets.slice(0, kept * depth),
    numbers: numbers.slice(0, kept),
  };
}
