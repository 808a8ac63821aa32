import { createHash } from 'node:crypto';
import { DomainError } from '../../../base/domain-error.js';
import { MEMORY } from '../../../base/node/memory-limits.js';
import type { Answer, AnswerOutcome, KnownPrediction, WaitingRows } from '../../../model/feedback/labelled-batch.js';
import { type Columns, equalColumns, orderLike } from '../../../model/tables/columns.js';
import { type JsonRows, readArray, readJsonTable, readNumber } from '../../../model/tables/json/json-table.js';
import type { LabelledRows } from '../../../model/tables/labelled-rows.js';
import { codeValue, mayMiss, rowModelOf } from '../../../model/tables/row-model.js';
import { checkCount, isFloat32 } from '../../../model/tables/rows.js';
import type { ServingColumns } from '../../../model/tables/table-choices.js';

const ADVICE = 'feedback is of the serving model';

/** Requirements for the rows of a request. */
export interface FeedbackTerms {
  /** The columns of the serving model, with their types unless all features are numbers. */
  readonly columns: ServingColumns;
  /** Whether a feature may be missing. */
  readonly allowMissing: boolean;
  /** Maximum rows of one request. */
  readonly maxRows: number;
}

/** Complete rows with their targets; a feature is NaN where a value is missing, if the model allows that. */
export interface FeedbackRows extends LabelledRows {
  /** Rows left out for a missing or non-finite value. */
  readonly dropped: number;
  /** `[rows]`: index of each row in the request. */
  readonly numbers: Int32Array;
}

/** What becomes of an id, as its feedback is known. `stored` may still change: another request may be faster. */
export type IdStatus = AnswerOutcome | 'other_columns';

/** The rows of predictions with their targets. */
export interface JoinedRows extends FeedbackRows {
  /** One for each id. */
  readonly statuses: readonly IdStatus[];
  /** One for each id that is `stored`, in their order. */
  readonly answers: readonly Omit<Answer, 'id'>[];
}

/**
 * Reads the rows of a body with their targets. Drops rows that lack a target, or a feature unless it may be missing.
 *
 * Throws `INVALID_ROWS` with the place, `FEATURES_CHANGED` if the columns are not the serving model's, `TOO_LARGE`, or
 * `TOO_MANY_MISSING` if no row remains.
 */
export function readFeedback(body: JsonRows, { columns, allowMissing, maxRows }: FeedbackTerms): FeedbackRows {
  const table = readJsonTable(body, columns, (found) => orderLike(columns, found, ADVICE));
  checkCount(table.rows, 'instances', maxRows);
  const model = rowModelOf(columns, { maxRows, allowMissing });
  // A value that is missing where none may be costs its row, as does a missing target.
  const tolerant = { ...model, allowMissing: true };
  const codes: Codes = (i) => {
    const value = table.row(i);
    return (j) =>
      model.columns && j < columns.features.length
        ? codeValue(tolerant, j, value(j), () => table.place(i, j))
        : readNumber(value(j), () => table.place(i, j));
  };
  return completeRows(columns, table.rows, codes, (j) => mayMiss(model, j));
}

/**
 * Joins the rows of predictions that wait with their targets: `targets[i]` has one entry per row of prediction `i`, a number
 * or an array of numbers. Throws as `readFeedback`, with the place in `targets`.
 */
export function joinTargets(
  predictions: readonly KnownPrediction[],
  targets: readonly unknown[],
  { columns, maxRows }: FeedbackTerms,
): JoinedRows {
  if (targets.length !== predictions.length) {
    throw new DomainError(
      'INVALID_ROWS',
      `targets: expected one per id (${predictions.length}), got ${targets.length}`,
    );
  }
  const waiting = predictions.map((prediction) => waitingFor(columns, prediction));
  const rows = waiting.reduce((sum, one) => sum + (one?.rows ?? 0), 0);
  const joined = rows === 0 ? noRows() : joinRows(waiting, rows, targets, { columns, maxRows });
  const digests = predictions.map((prediction, i) => (prediction ? digestOf(targets[i], `targets[${i}]`) : ''));
  let at = 0;
  const answers = waiting.flatMap((one, i) => {
    if (!one) return [];
    at += one.rows;
    return { digest: digests[i]!, end: joined.numbers.findLastIndex((number) => number < at) + 1 };
  });
  return {
    ...joined,
    statuses: predictions.map((prediction, i) => statusOf(prediction, waiting[i] !== undefined, digests[i]!)),
    answers: answers.map(({ digest, end }, i) => ({ digest, rows: end - (answers[i - 1]?.end ?? 0) })),
  };
}

/** Returns the prediction if it waits for its targets, and was made by a model with these columns. */
export function waitingFor(columns: Columns, prediction: KnownPrediction): WaitingRows | undefined {
  const waits = prediction !== undefined && 'rows' in prediction;
  return waits && equalColumns(prediction.columns, columns) ? prediction : undefined;
}

/** Names the place in a request of the target of row `n`, counted over all predictions that are joined. */
export function placeOfTarget(waiting: readonly (WaitingRows | undefined)[], n: number): string {
  let [i, r] = [0, n];
  for (; r >= (waiting[i]?.rows ?? 0); i++) r -= waiting[i]?.rows ?? 0;
  return `targets[${i}][${r}]`;
}

function noRows(): FeedbackRows {
  const [features, targets] = [new Float32Array(), new Float32Array()];
  return { rows: 0, dropped: 0, features, targets, numbers: new Int32Array() };
}

function joinRows(
  waiting: readonly (WaitingRows | undefined)[],
  rows: number,
  targets: readonly unknown[],
  { columns, maxRows }: Pick<FeedbackTerms, 'columns' | 'maxRows'>,
): FeedbackRows {
  checkCount(rows, 'ids', maxRows);
  const [width, depth] = [columns.features.length, columns.targets.length];
  const features = new Float32Array(rows * width);
  let at = 0;
  const targetRows = waiting.flatMap((prediction, i) => {
    if (!prediction) return [];
    features.set(prediction.features, at);
    at += prediction.features.length;
    return readArray(targets[i], prediction.rows, () => `targets[${i}]`);
  });
  const row: Codes = (n) => {
    const target = targetRows[n];
    const several = Array.isArray(target) || depth > 1;
    const place = () => placeOfTarget(waiting, n);
    const values = several ? readArray(target, depth, place) : [target];
    return (column: number) =>
      column < width
        ? features[n * width + column]!
        : readNumber(values[column - width], () => (several ? `${place()}[${column - width}]` : place()));
  };
  // The model has predicted these rows, so it allowed their missing values.
  return completeRows(columns, rows, row, () => true);
}

function statusOf(prediction: KnownPrediction, isJoined: boolean, digest: string): IdStatus {
  if (isJoined) return 'stored';
  if (!prediction) return 'not_found';
  if (!('digest' in prediction)) return 'other_columns';
  return prediction.digest === digest ? 'repeated' : 'conflict';
}

/** Returns the same for `18`, `[18]` and `[[18]]`. */
function digestOf(targets: unknown, place: string): string {
  const numbers = [targets].flat(2).map((value) => readNumber(value, () => place));
  return createHash('sha256').update(JSON.stringify(numbers)).digest('base64url');
}

/** Returns a function that reads row `i` by column index, features first: numbers, codes of other values, or null. */
type Codes = (i: number) => (column: number) => number | null;

function completeRows(
  columns: Columns,
  rows: number,
  row: Codes,
  mayMissFeature: (feature: number) => boolean,
): FeedbackRows {
  const [width, depth] = [columns.features.length, columns.targets.length];
  // A row may be as short as {}, and omit all its values.
  const bytes = Float32Array.BYTES_PER_ELEMENT * rows * (width + depth);
  if (bytes > MEMORY.requests) {
    throw new DomainError('TOO_LARGE', `${rows} rows take ${bytes} bytes, expected at most ${MEMORY.requests}`);
  }
  const features = new Float32Array(rows * width);
  const targets = new Float32Array(rows * depth);
  const numbers = new Int32Array(rows);
  let kept = 0;
  for (let i = 0; i < rows; i++) {
    const value = row(i);
    let complete = true;
    for (let j = 0; j < width + depth; j++) {
      const isFeature = j < width;
      const number = value(j);
      const valid = isFloat32(number);
      if (isFeature) features[kept * width + j] = valid ? number : Number.NaN;
      else targets[kept * depth + j - width] = valid ? number : Number.NaN;
      complete &&= valid || (isFeature && mayMissFeature(j));
    }
    if (complete) numbers[kept++] = i;
  }
  if (kept === 0) {
    throw new DomainError('TOO_MANY_MISSING', `none of the ${rows} rows has a finite number in every required column`);
  }
  return {
    rows: kept,
    dropped: rows - kept,
    features: features.slice(0, kept * width),
    targets: targets.slice(0, kept * depth),
    numbers: numbers.slice(0, kept),
  };
}
