import { Field, Float32, makeData, RecordBatch, RecordBatchStreamWriter, Schema, Struct } from 'apache-arrow';
import { intervalNames } from '../../model/intervals/interval-names.js';
import type { Observation } from '../service/prediction/prediction-service.js';

/**
 * Writes predictions as an Arrow stream: a column per target, two for its interval if requested, and
 * `reconstruction_error`. The schema's metadata holds `model_version`, the level of the intervals as `interval`, and the entries of `metadata`.
 */
export function arrowReply(
  { count, prediction, serving, intervals }: Observation,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const { targets } = serving.card;
  const { outputs, errors } = prediction;
  const names = [...targets, ...(intervals ? intervalNames(targets).flat() : []), 'reconstruction_error'];
  const columnOf = (matrix: Float32Array, j: number) => {
    const column = new Float32Array(count);
    for (let row = 0; row < count; row++) column[row] = matrix[row * targets.length + j]!;
    return column;
  };
  const columns = targets.map((_, j) => columnOf(outputs, j));
  if (intervals) columns.push(...targets.flatMap((_, j) => [columnOf(intervals.low, j), columnOf(intervals.high, j)]));
  columns.push(errors.slice(0, count));
  const type = new Float32();
  const fields = names.map((name) => new Field(name, type, false));
  const schemaMetadata = new Map([
    ['model_version', String(serving.version)],
    ...(intervals ? [['interval', String(intervals.level)] as const] : []),
    ...Object.entries(metadata),
  ]);
  const children = columns.map((data) => makeData({ type, data, length: count, nullCount: 0 }));
  const data = makeData({ type: new Struct(fields), length: count, nullCount: 0, children });
  const writer = new RecordBatchStreamWriter();
  writer.write(new RecordBatch(new Schema(fields, schemaMetadata), data));
  writer.finish();
  return Buffer.from(writer.toUint8Array(true));
}
