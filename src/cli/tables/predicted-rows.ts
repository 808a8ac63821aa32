/** Predictions of some rows. The arrays are overwritten once they have been written. */
export interface PredictedRows {
  readonly count: number;
  /** `[count]`: the number of each row in its file. */
  readonly numbers: Float64Array;
  /** `[count, targets]`, in the targets' units. */
  readonly outputs: Float32Array;
  /** `[count]`: reconstruction errors. */
  readonly errors: Float32Array;
}

/** What a file of predictions consists of: a column for each target, `reconstruction_error`, and `row` if asked for. */
export interface PredictionColumns {
  readonly targets: readonly string[];
  /** Whether the number of each row is written first: rows are missing from the file. */
  readonly withRow: boolean;
  readonly modelVersion: string;
}

/** Writes predictions as they are made. */
export interface PredictionWriter {
  write(rows: PredictedRows): Promise<void> | void;
  end(): Promise<void>;
}

/** The names of the columns, in their order, without that of the rows. */
export function numberNames({ targets }: PredictionColumns): string[] {
  return [...targets, 'reconstruction_error'];
}
