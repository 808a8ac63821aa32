import { createHash } from 'node:crypto';
import { DomainError } from '../../../base/domain-error.js';
import { MEMORY } from '../../../base/node/memory-limits.js';
import type { Codebook } from '../../../model/columns/codebook.js';
import { recoder } from '../../../model/columns/recode.js';
import { codedColumnsOf, interchangeable } from '../../../model/feedback/coded-columns.js';
import type {
  Answer,
  AnswerOutcome,
  KnownPrediction,
  UnknownLevel,
  WaitingRows,
} from '../../../model/feedback/labelled-batch.js';
import { type Columns, changed, columnsOf, sameNames } from '../../../model/tables/columns.js';
import {
  type JsonCell,
  type JsonRows,
  type JsonTable,
  readArray,
  readJsonTable,
  readNumber,
  readTarget,
} from '../../../model/tables/json/json-table.js';
import type { LabelledRows } from '../../../model/tables/labelled-rows.js';
import { codeValue, mayMiss, type RowModel } from '../../../model/tables/row-model.js';
import { checkCount, isFloat32 } from '../../../model/tables/rows.js';

const ADVICE = 'feedback is of the serving model';

/** The longest text of a level. */
const MAX_TEXT = 256;

/** The serving model, and requirements for the rows of a request. */
export interface FeedbackTerms extends RowModel, Columns {}

/** Complete rows with their targets; a feature is NaN where a value is missing, if the model allows that. */
export interface FeedbackRows extends LabelledRows {
  /** Rows left out for a missing or non-finite value. */
  readonly dropped: number;
  /** `[rows]`: index of each row in the request. */
  readonly numbers: Int32Array;
  /** Texts of levels that the model does not know. */
  readonly unknown: readonly UnknownLevel[];
  /** Named columns that the model does not have. */
  readonly ignored: number;
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
export function readFeedback(body: JsonRows, terms: FeedbackTerms): FeedbackRows {
  let ignored = 0;
  const table = readJsonTable(body, terms, (found) => {
    ignored = found.features.length - terms.features.length;
    return orderAs(terms, found);
  });
  checkCount(table.rows, 'instances', terms.maxRows);
  return { ...completeRows(table, terms), ignored };
}

/**
 * Joins the rows of predictions that wait with their targets: `targets[i]` has one entry per row of prediction `i`, a number
 * or an array of numbers. Throws as `readFeedback`, with the place in `targets`.
 */
export function joinTargets(
  predictions: readonly KnownPrediction[],
  targets: readonly unknown[],
  terms: FeedbackTerms,
): JoinedRows {
  if (targets.length !== predictions.length) {
    throw new DomainError(
      'INVALID_ROWS',
      `targets: expected one per id (${predictions.length}), got ${targets.length}`,
    );
  }
  const waiting = predictions.map((prediction) => waitingFor(terms, prediction));
  const rows = waiting.reduce((sum, one) => sum + (one?.rows ?? 0), 0);
  const joined = rows === 0 ? noRows() : joinRows(waiting, rows, targets, terms);
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

/** Returns the prediction if it waits for its targets, and was made by a model with columns of these names and types. */
export function waitingFor(terms: FeedbackTerms, prediction: KnownPrediction): WaitingRows | undefined {
  const waits = prediction !== undefined && 'rows' in prediction;
  return waits && interchangeable(prediction.columns, codedColumnsOf(terms)) ? prediction : undefined;
}

/** Names the place in a request of the target of row `n`, counted over all predictions that are joined. */
export function placeOfTarget(waiting: readonly (WaitingRows | undefined)[], n: number): string {
  let [i, r] = [0, n];
  for (; r >= (waiting[i]?.rows ?? 0); i++) r -= waiting[i]?.rows ?? 0;
  return `targets[${i}][${r}]`;
}

function noRows(): FeedbackRows {
  const [features, targets] = [new Float32Array(), new Float32Array()];
  return { rows: 0, dropped: 0, features, targets, numbers: new Int32Array(), unknown: [], ignored: 0 };
}

function joinRows(
  waiting: readonly (WaitingRows | undefined)[],
  rows: number,
  targets: readonly unknown[],
  terms: FeedbackTerms,
): FeedbackRows {
  checkCount(rows, 'ids', terms.maxRows);
  const [width, depth] = [terms.features.length, terms.targets.length];
  const unknown: UnknownLevel[] = [];
  const recode = recoding(terms, unknown);
  const features = new Float32Array(rows * width);
  let at = 0;
  const targetRows = waiting.flatMap((prediction, i) => {
    if (!prediction) return [];
    features.set(recode(prediction, at / width), at);
    at += prediction.features.length;
    return readArray(targets[i], prediction.rows, () => `targets[${i}]`);
  });
  const row = (n: number) => {
    const target = targetRows[n];
    const several = Array.isArray(target) || depth > 1;
    const place = () => placeOfTarget(waiting, n);
    const values = several ? readArray(target, depth, place) : [target];
    return (column: number) =>
      column < width
        ? features[n * width + column]!
        : readTarget(values[column - width], () => (several ? `${place()}[${column - width}]` : place()));
  };
  const table = { columns: columnsOf(terms), rows, row, place: (n: number) => placeOfTarget(waiting, n) };
  const joined = completeRows(table, terms, true);
  const rowOf = new Map(Array.from(joined.numbers, (n, r) => [n, r]));
  const texts = unknown.flatMap(({ row: n, ...level }) => (rowOf.has(n) ? { ...level, row: rowOf.get(n)! } : []));
  return { ...joined, unknown: texts };
}

/**
 * Returns a function that returns the rows of a prediction, the first of which is row `first` of the request, as the serving model codes
 * them. It adds the levels that this model does not know, if the one that predicted the rows knew them.
 */
function recoding({ columns }: FeedbackTerms, unknown: UnknownLevel[]) {
  const recoders = new Map<Codebook, ReturnType<typeof recoder>>();
  return ({ features, columns: { codebook } }: WaitingRows, first: number): Float32Array => {
    if (!codebook || !columns) return features;
    const change = recoders.get(codebook) ?? recoder(codebook, columns);
    recoders.set(codebook, change);
    const rows = features.slice();
    change(rows);
    for (const [feature, column] of columns.entries()) {
      const before = codebook[feature]!;
      if (column.type !== 'category' || before.type !== 'category') continue;
      for (let at = feature; at < rows.length; at += columns.length) {
        const text = rows[at] === column.levels.length ? before.levels[features[at]!] : undefined;
        if (text !== undefined) unknown.push({ row: first + (at - feature) / columns.length, feature, text });
      }
    }
    return rows;
  };
}

function statusOf(prediction: KnownPrediction, isJoined: boolean, digest: string): IdStatus {
  if (isJoined) return 'stored';
  if (!prediction) return 'not_found';
  if (!('digest' in prediction)) return 'other_columns';
  return prediction.digest === digest ? 'repeated' : 'conflict';
}

/** Returns the same for `1`, `[1]`, `[[1]]` and `true`. */
function digestOf(targets: unknown, place: string): string {
  const numbers = [targets].flat(2).map((value) => readTarget(value, () => place));
  return createHash('sha256').update(JSON.stringify(numbers)).digest('base64url');
}

/**
 * Returns the columns in the model's order. Rows may have others, which the training left out. Throws `FEATURES_CHANGED` if they lack
 * some, or have other targets.
 */
function orderAs(model: Columns, found: Columns): Columns {
  const known = new Set(found.features);
  if (model.features.every((name) => known.has(name)) && sameNames(model.targets, found.targets))
    return columnsOf(model);
  throw changed(model, found, ADVICE);
}

/** Returns the code of a feature's value; NaN for one that is missing or not finite. Throws `INVALID_ROWS`. */
function codeCell(model: FeedbackTerms, feature: number, value: JsonCell, place: () => string): number {
  const column = model.columns?.[feature];
  if (column && (column.type !== 'number' || typeof value !== 'number')) return codeValue(model, feature, value, place);
  const number = readNumber(value, place);
  return isFloat32(number) ? number : Number.NaN;
}

/** Reads complete rows. `areCoded`: the model has predicted them, so they are codes, and it allowed their missing values. */
function completeRows({ columns, rows, row, place }: JsonTable, model: FeedbackTerms, areCoded = false): FeedbackRows {
  const [width, depth] = [columns.features.length, columns.targets.length];
  // A row may be as short as {}, and omit all its values.
  const bytes = Float32Array.BYTES_PER_ELEMENT * rows * (width + depth);
  if (bytes > MEMORY.requests) {
    throw new DomainError('TOO_LARGE', `${rows} rows take ${bytes} bytes, expected at most ${MEMORY.requests}`);
  }
  const features = new Float32Array(rows * width);
  const targets = new Float32Array(rows * depth);
  const numbers = new Int32Array(rows);
  const mayBeMissing = columns.features.map((_, j) => areCoded || mayMiss(model, j));
  const unknown: UnknownLevel[] = [];
  // A value that is missing where none may be costs its row, as does a missing target.
  const tolerant = { ...model, allowMissing: true };
  let kept = 0;
  for (let i = 0; i < rows; i++) {
    const value = row(i);
    let complete = true;
    const known = unknown.length;
    for (let j = 0; j < width; j++) {
      const column = model.columns?.[j];
      const cell = value(j);
      const code = areCoded ? (cell as number) : codeCell(tolerant, j, cell, () => place(i, j));
      features[kept * width + j] = code;
      complete &&= !Number.isNaN(code) || mayBeMissing[j]!;
      if (areCoded || column?.type !== 'category' || code !== column.levels.length) continue;
      const text = String(cell).trim();
      if (text.length <= MAX_TEXT) unknown.push({ row: kept, feature: j, text });
    }
    for (let j = 0; j < depth; j++) {
      const number = readTarget(value(width + j), () => place(i, width + j));
      const valid = isFloat32(number);
      targets[kept * depth + j] = valid ? number : Number.NaN;
      complete &&= valid;
    }
    if (complete) numbers[kept++] = i;
    else unknown.length = known;
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
    unknown,
    ignored: 0,
  };
}
