import type { OneHotEncoding, TargetEncoding } from './encoding.js';

/** Returns `[levels + 2, inputs]`. */
export function oneHotTable({ places, other, gap, shares }: OneHotEncoding): Float32Array {
  const variance = shares.reduce((sum, share) => sum + share * (1 - share), 0);
  const scale = variance > 0 ? Math.sqrt(variance) : 1;
  const table = new Float32Array((places.length + 2) * shares.length);
  [...places, other, gap].forEach((place, level) => {
    // The average row for a value without an input.
    if (place >= 0)
      shares.forEach((share, i) => {
        table[level * shares.length + i] = (Number(i === place) - share) / scale;
      });
  });
  return table;
}

/** Returns `[levels + 2, targets + 1]`. */
export function targetTable({ statistics, scale, counts, frequency, gap }: TargetEncoding): Float32Array {
  const width = (statistics[0]?.length ?? 0) + 1;
  const table = new Float32Array((statistics.length + 2) * width);
  const write = (level: number, means: readonly number[], count: number) => {
    means.forEach((mean, t) => {
      table[level * width + t] = mean / scale;
    });
    table[level * width + width - 1] = (Math.log1p(count) - frequency.mean) / frequency.scale;
  };
  statistics.forEach((means, level) => {
    write(level, means, counts[level]!);
  });
  // A new level has the mean of the targets, and is as rare as any. A gap that training did not have is the average row.
  write(statistics.length, [], Math.min(...counts));
  if (gap) write(statistics.length + 1, gap.statistics, gap.count);
  return table;
}
