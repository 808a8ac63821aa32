import {
  Bool,
  type DataType,
  Float64,
  makeVector,
  RecordBatchStreamWriter,
  Table,
  tableFromIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import type { Column } from './model.js';

// Loaded with the first table: most clients send none.

/** The bounds of the predictions of a target, `[rows]` each, in its units. */
export interface Interval {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** The predictions of some rows. */
export interface PredictedRows {
  /** `[rows]` of each target, in its units. */
  readonly predictions: Readonly<Record<string, Float32Array>>;
  /** `[rows]` */
  readonly reconstruction_error: Float32Array;
  /** The bounds of each target, if an interval was asked for. */
  readonly intervals: Readonly<Record<string, Interval>> | undefined;
  readonly model_version: string;
}

/** Writes the rows from `from` to `to` of columns as an Arrow stream. Throws a TypeError for a column of mixed or unknown values. */
export function writeRows(
  columns: Readonly<Record<string, Column>>,
  from: number,
  to: number,
): Uint8Array<ArrayBuffer> {
  const vectors = Object.entries(columns).map(([name, column]) => [name, vectorOf(name, column, from, to)] as const);
  const writer = new RecordBatchStreamWriter();
  writer.write(new Table(Object.fromEntries(vectors)));
  writer.finish();
  return writer.toUint8Array(true) as Uint8Array<ArrayBuffer>;
}

/** Reads a reply of predictions. */
export function readPredictions(bytes: Uint8Array): PredictedRows {
  const table = tableFromIPC(bytes);
  const { fields, metadata } = table.schema;
  const column = (i: number) => table.getChildAt(i)!.toArray() as Float32Array;
  // The targets, then both bounds of each, then the reconstruction error.
  const hasIntervals = metadata.has('interval');
  const count = hasIntervals ? (fields.length - 1) / 3 : fields.length - 1;
  const ofTargets = <T>(of: (i: number) => T) =>
    Object.fromEntries(fields.slice(0, count).map(({ name }, i) => [name, of(i)]));
  return {
    predictions: ofTargets(column),
    intervals: hasIntervals
      ? ofTargets((i) => ({ low: column(count + 2 * i), high: column(count + 2 * i + 1) }))
      : undefined,
    reconstruction_error: column(fields.length - 1),
    model_version: metadata.get('model_version') ?? '',
  };
}

function vectorOf(name: string, column: Column, from: number, to: number): Vector {
  // A copy: the writer takes overlapping views of one buffer for one.
  if (!Array.isArray(column)) return makeVector((column as Float64Array).slice(from, to));
  const values = column.slice(from, to).map((value) => value ?? null);
  return vectorFromArray(values, typeOf(name, values));
}

/** The type of the values of a column; that of numbers if all are missing. */
function typeOf(name: string, values: readonly unknown[]): DataType {
  const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  if (kinds.size > 1)
    throw new TypeError(
      `column ${JSON.stringify(name)}: expected values of one type, got ${Array.from(kinds).join(' and ')}`,
    );
  const [kind = 'number'] = kinds;
  if (kind === 'number') return new Float64();
  if (kind === 'string') return new Utf8();
  if (kind === 'boolean') return new Bool();
  throw new TypeError(`column ${JSON.stringify(name)}: expected numbers, texts or booleans, got ${kind}`);
}
