import type { Predictor } from '../../src/model/network/predictor.js';

/**
 * Computes Shapley values `[outputs][features]` of a row of codes as their definition says: the mean, over all orders of the
 * columns, of what each changes when it takes the row's value. For a few columns.
 */
export function shapleyValues(predictor: Predictor, row: ArrayLike<number>, background: Float32Array): number[][] {
  const width = row.length;
  const outputs = predictor.engine.shape.outputs;
  const rows = background.length / width;
  const orders = permutations(Array.from(row, (_, j) => j));
  const values = Array.from({ length: outputs }, () => new Array<number>(width).fill(0));
  const worths = new Map<number, number[]>();
  const worth = (coalition: number) => {
    let mean = worths.get(coalition);
    if (!mean) {
      const mixed = Float32Array.from(background, (value, at) =>
        (coalition >> (at % width)) & 1 ? row[at % width]! : value,
      );
      const predictions = predictor.predict(mixed, rows).outputs;
      mean = values.map((_, o) => {
        let sum = 0;
        for (let r = 0; r < rows; r++) sum += predictions[r * outputs + o]!;
        return sum / rows;
      });
      worths.set(coalition, mean);
    }
    return mean;
  };
  for (const order of orders) {
    let coalition = 0;
    for (const column of order) {
      const before = worth(coalition);
      coalition |= 1 << column;
      const after = worth(coalition);
      values.forEach((own, o) => {
        own[column]! += (after[o]! - before[o]!) / orders.length;
      });
    }
  }
  return values;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}
