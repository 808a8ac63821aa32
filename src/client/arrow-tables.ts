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

/** The predictions of some rows. */
export interface PredictedRows {
  /** `[rows]` of each target, in its units. */
  readonly predictions: Readonly<Record<string, Float32Array>>;
  /** `[rows]` */
  readonly reconstruction_error: Float32Array;
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
  const columns = table.schema.fields.map(
    ({ name }, i) => [name, table.getChildAt(i)!.toArray() as Float32Array] as const,
  );
  const { reconstruction_error, ...predictions } = Object.fromEntries(columns);
  return {
    predictions,
    reconstruction_error: reconstruction_error!,
    model_version: table.schema.metadata.get('model_version') ?? '',
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
