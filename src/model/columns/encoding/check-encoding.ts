import { DAY, MAX_INSTANT } from '../times.js';
import { MAX_CODE } from './cycles.js';
import { type EncodedColumn, inputCount, MAX_INPUTS } from './encoding.js';

/**
 * Returns the place in a list of columns, and what is wrong there, if they are not the encoded `features` of a model that has
 * this many targets; undefined if they are. The columns fit their schema: what it cannot say is checked here.
 */
export function encodingMismatch(
  columns: readonly EncodedColumn[],
  features: readonly string[],
  targets: number,
): string | undefined {
  if (columns.length !== features.length) return `: expected ${features.length} columns, got ${columns.length}`;
  for (const [j, column] of columns.entries()) {
    if (column.name !== features[j]) return `/${j}/name: not the feature's`;
    const wrong = columnMismatch(column, targets);
    if (wrong) return `/${j}${wrong}`;
  }
  const inputs = inputCount(columns);
  return inputs > MAX_INPUTS ? `: expected at most ${MAX_INPUTS} inputs, got ${inputs}` : undefined;
}

/** With this origin, `Date` can hold the time of any code. */
const MAX_ORIGIN = MAX_INSTANT - MAX_CODE * DAY;

function columnMismatch(column: EncodedColumn, targets: number): string | undefined {
  if (column.type === 'timestamp') {
    if (Math.abs(column.origin) > MAX_ORIGIN) return '/origin: no time that a date can hold';
    const { range } = column.encoding.trend;
    return range && range[0] > range[1] ? '/encoding/trend/range: its end is before its beginning' : undefined;
  }
  if (column.type === 'number') {
    const { range } = column.encoding;
    return range && range[0] > range[1] ? '/encoding/range: its end is before its beginning' : undefined;
  }
  if (column.type !== 'category') return undefined;
  const { encoding, levels, counts } = column;
  if (counts.length !== levels.length) return '/counts: expected one per level';
  if (encoding.method === 'one_hot') {
    const { places, other, gap, shares } = encoding;
    if (places.length !== levels.length) return '/encoding/places: expected one per level';
    if ([...places, other, gap].some((place) => place >= shares.length)) return '/encoding: a place is no input';
    return undefined;
  }
  const { statistics, gap } = encoding;
  if (encoding.counts.length !== levels.length) return '/encoding/counts: expected one per level';
  if (statistics.length !== levels.length) return '/encoding/statistics: expected one per level';
  const rows = gap ? [...statistics, gap.statistics] : statistics;
  return rows.some(({ length }) => length !== targets) ? '/encoding/statistics: expected one per target' : undefined;
}
