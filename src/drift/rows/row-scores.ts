import type { Channel } from './channels.js';
import { ABOVE, BELOW, MISSING, type RowReader } from './row-reader.js';

/** How unusual one row is. Neither p-value sees a row that is average in everything: that is drift, for windows. */
export interface RowScores {
  /** `min(1, 2 min(p_error, p_distance))`: of held-out rows, at most this share is expected to look as unusual. */
  readonly p_value: number;
  readonly p_error: number;
  /** Null if the baseline does not know how features depend on each other. */
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
