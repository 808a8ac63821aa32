/** The other column of `rows` `[count, d]` with the largest rank correlation with column `j`, and the correlation. */
export function correlated(rows: Float32Array, d: number, j: number): { index: number; correlation: number } {
  const ranks = Array.from({ length: d }, (_, i) => ranksOf(rows, d, i));
  let found = { index: j, correlation: 0 };
  ranks.forEach((other, i) => {
    if (i === j) return;
    const correlation = correlate(ranks[j]!, other);
    if (found.index === j || Math.abs(correlation) > Math.abs(found.correlation)) found = { index: i, correlation };
  });
  return found;
}

/** Middle ranks of a column. */
function ranksOf(rows: Float32Array, d: number, j: number): Float64Array {
  const values = Float64Array.from({ length: rows.length / d }, (_, r) => rows[r * d + j]!);
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

function correlate(a: Float64Array, b: Float64Array): number {
  const middle = (a.length - 1) / 2;
  let products = 0;
  let squares = 0;
  let others = 0;
  for (let i = 0; i < a.length; i++) {
    products += (a[i]! - middle) * (b[i]! - middle);
    squares += (a[i]! - middle) ** 2;
    others += (b[i]! - middle) ** 2;
  }
  return squares > 0 && others > 0 ? products / Math.sqrt(squares * others) : 0;
}
