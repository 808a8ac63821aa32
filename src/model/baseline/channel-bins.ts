import type { Baseline, HeldOut } from './baseline.js';
import { whiten } from './dependence/conditional.js';
import { RowRecoder } from './features/row-recoder.js';
import { levelsOf } from './features/watched.js';
import { binOf, NO_BIN } from './sketches/bins.js';
import { gridScore } from './sketches/normal-scores.js';
import { OrderedLists } from './sketches/ordered-lists.js';

/** The parts of a baseline that bin a row. */
export type BinnedColumns = Pick<Baseline, 'features' | 'outputs' | 'error' | 'conditional'>;

/** The bins of a baseline's channels, in their order: features, outputs, reconstruction error, conditional residuals. */
export function channelBins({ features, outputs, error, conditional }: BinnedColumns) {
  return [
    ...features.map(({ bins }) => bins),
    ...outputs.map(({ bins }) => bins),
    error.bins,
    ...(conditional?.bins ?? []),
  ];
}

/** Whether the bins of each channel are those of levels, which have no order. */
export function channelsWithLevels(columns: BinnedColumns): boolean[] {
  return channelBins(columns).map(
    (_, c) => c < columns.features.length && levelsOf(columns.features[c]!) !== undefined,
  );
}

/** Returns the bin of each row in each channel, `[count, channels]`; `NO_BIN` where a value is missing. */
export function binRows(columns: BinnedColumns, { count, rows: coded, outputs, errors }: HeldOut): Uint8Array {
  const { features, outputs: targets, conditional } = columns;
  const rows = new RowRecoder(features).recode(coded, count);
  const bins = channelBins(columns);
  const d = features.length;
  const mean = Float64Array.from(conditional?.mean ?? []);
  const precision = Float64Array.from(conditional?.precision ?? []);
  const grids = new OrderedLists(features.map(({ grid }) => grid.values));
  const gridScores = Float64Array.from(features.flatMap(({ grid }) => grid.scores));
  const scores = new Float64Array(d);
  const whitened = new Float64Array(d + 1);
  const values = new Float64Array(bins.length);
  const binned = new Uint8Array(count * bins.length);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < d; j++) values[j] = rows[r * d + j]!;
    for (let j = 0; j < targets.length; j++) values[d + j] = outputs[r * targets.length + j]!;
    const first = d + targets.length + 1;
    values[first - 1] = errors[r]!;
    if (conditional) {
      for (let j = 0; j < d; j++) scores[j] = gridScore(grids, gridScores, j, values[j]!);
      whiten(scores, 0, mean, precision, whitened);
      for (let j = 0; j < d; j++) {
        values[first + j] = Number.isNaN(values[j]!) ? Number.NaN : whitened[j]! / precision[j * d + j]!;
      }
    }
    values.forEach((value, c) => {
      binned[r * bins.length + c] = Number.isNaN(value) ? NO_BIN : binOf(bins[c]!.edges, value);
    });
  }
  return binned;
}

/** Counts the rows per bin, of which there are `count`, in one channel of `bins` `[rows, channels]`; without missing values. */
export function countBins(bins: Uint8Array, channel: number, channels: number, count: number): Uint32Array {
  const counts = new Uint32Array(count);
  for (let at = channel; at < bins.length; at += channels) if (bins[at]! < count) counts[bins[at]!]!++;
  return counts;
}
