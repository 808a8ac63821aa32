/** Rows with their targets in raw units: `features` `[rows, inputs]`, `targets` `[rows, outputs]`, both row-major. */
export interface LabelledRows {
  readonly rows: number;
  readonly features: Float32Array;
  readonly targets: Float32Array;
}

/** Copies the rows `index`. */
export function gather({ features, targets, rows }: LabelledRows, index: Int32Array): LabelledRows {
  const take = (values: Float32Array) => {
    const width = values.length / rows;
    const taken = new Float32Array(index.length * width);
    for (const [i, row] of index.entries()) taken.set(values.subarray(row * width, (row + 1) * width), i * width);
    return taken;
  };
  return { rows: index.length, features: take(features), targets: take(targets) };
}
