import { intervalNames } from '../../model/intervals/interval-names.js';
import type { Bounds } from '../../model/intervals/intervals.js';

/** Predictions of some rows. The arrays are overwritten once they have been written. */
export interface PredictedRows {
  readonly count: number;
  /** `[count]`: the number of each row in its file. */
  readonly numbers: Float64Array;
  /** `[count, targets]`, in the targets' units. */
  readonly outputs: Float32Array;
  /** `[count]`: reconstruction errors. */
  readonly errors: Float32Array;
  /** The bounds of prediction intervals, if they are asked for. */
  readonly bounds?: Bounds | undefined;
}

/**
 * What a file of predictions consists of: a column for each target, two for the bounds of each if asked for, `reconstruction_error`,
 * and `row` if asked for.
 */
export interface PredictionColumns {
  readonly targets: readonly string[];
  /** Whether the number of each row is written first: rows are missing from the file. */
  readonly withRow: boolean;
  readonly modelVersion: string;
  /** The level of prediction intervals; undefined for none. */
  readonly interval?: number | undefined;
}

/** Writes predictions as they are made. */
export interface PredictionWriter {
  write(rows: PredictedRows): Promise<void> | void;
  end(): Promise<void>;
}

/** The names of the columns, in their order, without that of the rows. */
export function numberNames({ targets, interval }: PredictionColumns): string[] {
  const bounds = interval === undefined ? [] : intervalNames(targets).flat();
  return [...targets, ...bounds, 'reconstruction_error'];
}

/** What a file says of itself, in formats that have a place for it. */
export function metadataOf({ modelVersion, interval }: PredictionColumns): [key: string, value: string][] {
  return [
    ['model_version', modelVersion],
    ...(interval === undefined ? [] : [['interval', String(interval)] as [string, string]]),
  ];
}

/** The numbers of the columns of `numberNames`: `[columns][stride × row + offset]`. */
export function numbersOf({ outputs, errors, bounds }: PredictedRows, targets: number) {
  const column = (data: Float32Array, offset: number) => ({ data, offset, stride: targets });
  const each = Array.from({ length: targets }, (_, j) => j);
  return [
    ...each.map((j) => column(outputs, j)),
    ...(bounds ? each.flatMap((j) => [column(bounds.low, j), column(bounds.high, j)]) : []),
    { data: errors, offset: 0, stride: 1 },
  ];
}
