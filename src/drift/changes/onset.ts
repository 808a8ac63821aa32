/** Fewer of the latest rows are preferred to more whose gain is larger by at most this: chance adds rows from before the change. */
const TOLERANCE = 2;
/** Fewer rows are not compared with any others. */
const MIN_ROWS = 5;
/** Rows that the prior is worth per category: few for a change of all rows, many for a change of some. */
const PRIORS = [0.5, 4, 20];

/**
 * Estimates with how many of the latest rows a change began. `categories` are a channel's, the latest row's first, and `shares`
 * `[categories]` how often each occurs without drift. The rows since the change are those whose joint probability gains most
 * if their own shares are estimated from them: the logarithm of a Bayes factor, for Dirichlet priors around `shares` and
 * a prior of 1 / rows for their number. It is returned as `gain`, 0 and with all rows if no number of rows gains anything.
 */
export function rowsSinceOnset(categories: ArrayLike<number>, shares: Float64Array): { rows: number; gain: number } {
  let best = { rows: categories.length, gain: 0 };
  const gains = new Float64Array(categories.length);
  for (const worth of PRIORS) {
    const prior = worth * shares.length;
    const counts = new Float64Array(shares.length);
    let gain = 0;
    let most = 0;
    for (let i = 0; i < categories.length; i++) {
      const category = categories[i]!;
      const share = shares[category]!;
      gain += Math.log((prior * share + counts[category]!) / (prior + i) / share);
      counts[category]!++;
      gains[i] = i + 1 < MIN_ROWS ? 0 : gain - Math.log(i + 1);
      most = Math.max(most, gains[i]!);
    }
    if (most <= best.gain) continue;
    best = { rows: gains.findIndex((one) => one > 0 && one >= most - TOLERANCE) + 1, gain: most };
  }
  return best;
}
