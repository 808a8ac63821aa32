/** Fewer rows are not compared with any others. */
const MIN_ROWS = 5;

/**
 * Estimates with how many of the latest rows a change began. `categories` are a channel's, the latest row's first, and `shares`
 * `[categories]` how often each occurs without drift. The rows since the change are those whose joint probability gains most
 * if their own shares are estimated from them: the Bayes factor of a Dirichlet prior around `shares`, worth half a row per
 * category, which the probabilities of one row after another add up to. Returns all rows if no number of rows gains anything.
 */
export function rowsSinceOnset(categories: ArrayLike<number>, shares: Float64Array): number {
  const prior = shares.length / 2;
  const counts = new Float64Array(shares.length);
  let rows = categories.length;
  let gain = 0;
  let most = 0;
  for (let i = 0; i < categories.length; i++) {
    const category = categories[i]!;
    const share = shares[category]!;
    gain += Math.log((prior * share + counts[category]!) / (prior + i) / share);
    counts[category]!++;
    if (i + 1 >= MIN_ROWS && gain > most) [most, rows] = [gain, i + 1];
  }
  return rows;
}
