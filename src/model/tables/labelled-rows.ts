/** Rows with their targets in raw units: `features` `[rows, inputs]`, `targets` `[rows, outputs]`, both row-major. */
export interface LabelledRows {
  readonly rows: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
}
