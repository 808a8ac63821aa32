import { show } from '../../../base/domain-error.js';
import { type Column, MAX_LEVELS } from '../../columns/column.js';
import type { DecisionTerms, Text } from './decision.js';
import type { RawColumn } from './raw-column.js';

/** Levels, and rows of a counter, below which nothing is left out for having too many of them. */
const FEW = 10;

export const COUNTER = 'a counter';

/** The name of a column that has none, by its place, as pandas calls it. */
export function unnamed(place: number): string {
  return `Unnamed: ${place}`;
}

/** Returns why a column is of no use, or worse; undefined if it is of use. `present` cells have a value. */
export function reasonToLeaveOut(
  raw: RawColumn,
  column: Column,
  texts: readonly Text[],
  present: number,
  { rows, place }: DecisionTerms,
): string | undefined {
  const { name, numbers, declared, strays } = raw;
  const isUnnamed = name === unnamed(place);
  if (column.type === 'number' && texts.length === 0) {
    if (isUnnamed && numbers.integers && (numbers.increasing || numbers.counts))
      return 'an index: it has no name, and counts';
    if (present === rows && numbers.min === numbers.max && rows > 1) return `constant: every row has ${numbers.min}`;
    const isCounter = numbers.counts && (numbers.first === 0 || numbers.first === 1) && numbers.count === rows;
    if (isCounter && rows >= FEW) return `${COUNTER}: ${numbers.first}, ${numbers.first + 1}, ${numbers.first + 2}, …`;
    if (numbers.integers && 2 * numbers.beyondExact > numbers.count) return 'an identifier: integers beyond 2^53';
  }
  if (column.type === 'timestamp') {
    const [min, max] = column.range;
    return present === rows && min === max && rows > 1 ? 'constant: every row has the same time' : undefined;
  }
  const distinct = texts.length;
  if (distinct === 1 && numbers.count === 0 && present === rows && rows > 1)
    return `constant: every row has ${show(texts[0]!.text)}`;
  if (column.type !== 'category') return undefined;
  if (isUnnamed && distinct === rows) return 'the names of the rows: it has no name, and a different text in every row';
  if (distinct === present && present > 1 && rows >= FEW) return 'an identifier: a different text in every row';
  if (raw.isFull || 2 * strays > present) return 'more texts than can be learned, or too long ones';
  if (declared === 'category') return undefined;
  if (distinct > 2 * FEW && 2 * distinct > present)
    return `more levels than can be learned: ${distinct} in ${present} rows`;
  const learned = column.levels.length < distinct ? coveredRows(texts) : present;
  if (2 * learned < present) return `more levels than can be learned: ${distinct} in ${present} rows`;
  return undefined;
}

function coveredRows(texts: readonly Text[]): number {
  const counts = texts.map(({ count }) => count).sort((a, b) => b - a);
  return counts.slice(0, MAX_LEVELS).reduce((sum, count) => sum + count, 0);
}
