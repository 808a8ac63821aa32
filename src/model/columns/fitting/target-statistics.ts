import type { EncodedColumn, TargetEncoding } from '../encoding/encoding.js';

/** Targets of rows. */
export interface TargetRows {
  /** `[rows, outputs]`, standardised on the training rows. */
  readonly targets: Float32Array;
  readonly outputs: number;
}

/** Folds of the training rows. A row's statistics are those of the other folds. */
export const FOLDS = 5;

/** The fold of the training row at a place of the index. */
export function foldOf(place: number): number {
  return place % FOLDS;
}

/**
 * Fits shrunken means of the targets by level, as scikit-learn's TargetEncoder does with `smooth=m`:
 * `(sum of the level + m × mean) / (count of the level + m)`.
 *
 * Here, m is the variance within levels over that between them, both estimated over all levels by the analysis of variance (for
 * unequal counts: Searle, Casella and McCulloch, Variance Components, 1992, section 3.6): the best linear prediction of a
 * level's mean. `smooth="auto"` takes each level's own variance, which is 0 for a level of one row.
 */
export function fitTargetEncoding(
  counts: readonly number[],
  gaps: number,
  codes: Float32Array,
  data: TargetRows,
  index: Int32Array,
): TargetEncoding {
  const all = levelSums(counts.length, codes, data, index);
  const statistics = shrunkenMeans(all, all.smoothing);
  const scale = Math.sqrt(
    statistics.reduce((sum, means, k) => sum + all.counts[k]! * means.reduce((s, mean) => s + mean ** 2, 0), 0) /
      codes.length,
  );
  const logs = Array.from(all.counts, (count) => Math.log1p(count));
  const mean = logs.reduce((sum, log, k) => sum + log * all.counts[k]!, 0) / codes.length;
  const variance = logs.reduce((sum, log, k) => sum + (log - mean) ** 2 * all.counts[k]!, 0) / codes.length;
  const levels = counts.length;
  return {
    method: 'target',
    statistics: statistics.slice(0, levels),
    scale: scale > 0 ? scale : 1,
    counts: [...counts],
    frequency: { mean, scale: variance > 0 ? Math.sqrt(variance) : 1 },
    gap: gaps > 0 ? { statistics: statistics[levels]!, count: gaps } : null,
  };
}

/**
 * Returns the columns by fold, with the statistics that the other folds have, for the training rows: with their own targets in
 * their inputs, they would be learned by heart. Without such columns, the folds are equal: undefined.
 */
export function foldColumns(
  columns: readonly EncodedColumn[],
  data: TargetRows & { readonly features: Float32Array },
  index: Int32Array,
): EncodedColumn[][] | undefined {
  if (!columns.some(({ encoding }) => encoding.method === 'target')) return undefined;
  return Array.from({ length: FOLDS }, (_, fold) =>
    columns.map((column, j) => {
      if (column.type !== 'category' || column.encoding.method !== 'target') return column;
      const { encoding } = column;
      const levels = column.levels.length;
      const codes = Float32Array.from(index, (row) => data.features[row * columns.length + j]!);
      const { smoothing } = levelSums(levels, codes, data, index);
      const others = levelSums(levels, codes, data, index, fold);
      const statistics = shrunkenMeans(others, smoothing);
      return {
        ...column,
        encoding: {
          ...encoding,
          statistics: statistics.slice(0, levels),
          gap: encoding.gap && { ...encoding.gap, statistics: statistics[levels]! },
        },
      };
    }),
  );
}

/** Sums of the targets by level; the last is that of gaps. */
interface LevelSums {
  readonly outputs: number;
  readonly counts: Float64Array;
  /** `[levels + 1, outputs]` */
  readonly sums: Float64Array;
  /** `[outputs]` */
  readonly means: Float64Array;
  /** `[outputs]`: the smoothing of all rows. */
  readonly smoothing: Float64Array;
}

/** Sums the targets of the rows `index`, whose codes are `codes`, except those of the fold `without`. */
function levelSums(
  levels: number,
  codes: Float32Array,
  { targets, outputs }: TargetRows,
  index: Int32Array,
  without = -1,
): LevelSums {
  const counts = new Float64Array(levels + 1);
  const sums = new Float64Array((levels + 1) * outputs);
  const squares = new Float64Array(outputs);
  const means = new Float64Array(outputs);
  let rows = 0;
  for (let i = 0; i < index.length; i++) {
    if (foldOf(i) === without) continue;
    const missing = Number.isNaN(codes[i]!);
    const level = missing ? levels : codes[i]!;
    if (level >= levels && !missing) continue;
    rows++;
    counts[level]!++;
    for (let t = 0; t < outputs; t++) {
      const target = targets[index[i]! * outputs + t]!;
      sums[level * outputs + t]! += target;
      squares[t]! += target ** 2;
      means[t]! += target;
    }
  }
  for (let t = 0; t < outputs; t++) means[t]! /= Math.max(1, rows);
  const smoothing = Float64Array.from({ length: outputs }, (_, t) =>
    smoothingOf(counts, sums, t, outputs, squares[t]!),
  );
  return { outputs, counts, sums, means, smoothing };
}

/** Returns the variance within levels over that between them; infinite if the levels do not differ by more than chance. */
function smoothingOf(counts: Float64Array, sums: Float64Array, t: number, outputs: number, squares: number): number {
  let [rows, levels, countSquares, total, explained] = [0, 0, 0, 0, 0];
  for (let k = 0; k < counts.length; k++) {
    const count = counts[k]!;
    if (count === 0) continue;
    const sum = sums[k * outputs + t]!;
    rows += count;
    levels++;
    countSquares += count ** 2;
    total += sum;
    explained += sum ** 2 / count;
  }
  if (rows <= levels || levels < 2) return Number.POSITIVE_INFINITY;
  const within = Math.max(0, squares - explained) / (rows - levels);
  const between = (explained - total ** 2 / rows - (levels - 1) * within) / (rows - countSquares / rows);
  return between > 0 ? within / between : Number.POSITIVE_INFINITY;
}

/** Returns `[levels + 1][outputs]`: shrunken means. */
function shrunkenMeans({ outputs, counts, sums, means }: LevelSums, smoothing: Float64Array): number[][] {
  return Array.from(counts, (count, k) =>
    Array.from(smoothing, (m, t) => {
      if (count === 0 || m === Number.POSITIVE_INFINITY) return means[t]!;
      return (sums[k * outputs + t]! + m * means[t]!) / (count + m);
    }),
  );
}
