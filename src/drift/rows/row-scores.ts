import type { Channel } from './channels.js';
import { ABOVE, BELOW, MISSING, type RowReader } from './row-reader.js';

/** How unusual one row is. Rows that are average in everything have no small p-value: only windows show such a drift. */
export interface RowScores {
  /** `min(1, 2 min(p_error, p_distance))`: at most this share of held-out rows is expected to be as unusual. */
  readonly p_value: number;
  readonly p_error: number;
  /** Null if the baseline has no conditional channels. */
  readonly p_distance: number | null;
  /** Features outside the baseline's range. */
  readonly out_of_range: readonly string[];
  readonly missing: readonly string[];
}

/** Scores the row that `reader` has read. */
export function rowScores(reader: RowReader, channels: readonly Channel[]): RowScores {
  const hasDistance = channels.some(({ kind }) => kind === 'conditional');
  const named = (...places: number[]) =>
    Array.from(reader.places).flatMap((place, j) => (places.includes(place) ? [channels[j]!.name] : []));
  return {
    p_value: reader.p,
    p_error: reader.errorP,
    p_distance: hasDistance ? reader.distanceP : null,
    out_of_range: named(BELOW, ABOVE),
    missing: named(MISSING),
  };
}
