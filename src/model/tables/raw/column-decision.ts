import { show } from '../../../base/domain-error.js';
import { codeOfInstant, codeOfLevel, readTime } from '../../columns/coding.js';
import {
  type BooleanColumn,
  type CategoryColumn,
  type Column,
  MAX_LEVELS,
  type Notation,
  type TimestampColumn,
} from '../../columns/column.js';
import { isGap } from '../../columns/notation/gaps.js';
import { strictReader } from '../../columns/notation/notation-inference.js';
import { type Example, GAP, OTHER, type RawColumn } from './raw-column.js';

/** Texts of false and true. */
const TRUTH_VALUES: readonly (readonly [string, string])[] = [
  ['false', 'true'],
  ['no', 'yes'],
  ['f', 't'],
];
/** Levels, and rows of a counter, below which nothing is left out for having too many of them. */
const FEW = 10;
/** Longest span of codes that float32 holds exactly, with room for what comes after the training. */
const MAX_CODE = 2 ** 23;
/** A date of which the day and the month could be confused, or the year. */
const OTHER_DATE = /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T].*)?$/;

/** What becomes of a column. `column` lacks its share of gaps and the counts of its levels, which only the rows that are kept have. */
export type Decision =
  | Decided
  | { readonly is: 'left_out'; readonly reason: string; readonly otherwise?: Decided }
  | { readonly is: 'refused'; readonly message: string };

export interface Decided {
  readonly is: 'column';
  readonly column: Column;
  /** Returns the code of a text that is in the column's dictionary. */
  readonly code: (text: string) => number;
  readonly why: string;
}

export interface DecisionTerms {
  /** Rows of the table. */
  readonly rows: number;
  /** The caller or the serving model asks for the column: it is left out for no reason. */
  readonly isWanted: boolean;
  readonly isFirst: boolean;
  readonly decimal: '.' | ',' | undefined;
  /** The decimal mark of other columns. */
  readonly others: '.' | ',' | undefined;
  /** Names a place: `line 7`. */
  readonly where: (place: number) => string;
}

interface Text extends Example {
  readonly count: number;
}

/** Decides what a column is from all of its cells. */
export function decide(raw: RawColumn, terms: DecisionTerms): Decision {
  const decision = decideUnlessUseless(raw, terms);
  if (decision.is !== 'left_out' || !terms.isWanted) return decision;
  return refused(`column ${show(raw.name)} cannot be used: ${decision.reason}`);
}

function decideUnlessUseless(raw: RawColumn, terms: DecisionTerms): Decision {
  const { declared, numbers } = raw;
  const { rows, isWanted } = terms;
  if (declared === 'index' && !isWanted) return leftOut('the index of the data frame');
  const texts = raw.countedTexts();
  const textCells = texts.reduce((sum, { count }) => sum + count, 0) + raw.strays;
  const present = numbers.count + textCells;
  if (rows === 0) return number(raw, { decimal: '.' }, 'there are no rows');
  if (present === 0) {
    if (!isWanted || declared === 'category' || declared === 'boolean') return leftOut('it has no value in any row');
    return number(raw, { decimal: '.' }, 'it has no value in any row');
  }
  const decision = decideType(raw, texts, terms);
  if (decision.is !== 'column' || isWanted) return decision;
  const reason = reasonToLeaveOut(raw, decision.column, texts, present, terms);
  return reason === undefined
    ? decision
    : { ...leftOut(reason), ...(reason.startsWith(COUNTER) && { otherwise: decision }) };
}

function decideType(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision {
  const { declared, numbers, reading } = raw;
  if (declared === 'category') return category(raw, texts, 'so declared');
  if (declared === 'boolean')
    return boolean(raw.name, texts, 'so declared') ?? refuseAs(raw, texts, 'true or false', terms);
  const words = texts.map(({ text }) => text);
  if (reading?.type === 'timestamp' || declared === 'timestamp') {
    return timestamp(raw, texts) ?? refuseAs(raw, texts, 'a date in ISO 8601', terms);
  }
  if (numbers.count === 0 && raw.strays === 0 && declared !== 'number') {
    const truth = boolean(raw.name, texts, `its cells are ${shown(words.slice(0, 4))}`);
    if (truth) return truth;
    if (words.every((text) => !Number.isNaN(readTime(text)))) return timestamp(raw, texts)!;
  }
  return decideNumber(raw, texts, terms) ?? undatedOrCategory(raw, texts, terms);
}

/** Returns undefined for a column that is none of numbers. */
function decideNumber(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision | undefined {
  const { declared, numbers, reading, textual, strays } = raw;
  const textCells = texts.reduce((sum, { count }) => sum + count, 0);
  if (textual && numbers.count === 0) {
    return declared === 'number' ? refuseAs(raw, texts, 'a number', terms) : undefined;
  }
  const settled = reading?.type === 'number' ? reading.notation : undefined;
  if (texts.length === 0 && strays === 0) return number(raw, settled ?? { decimal: '.' }, 'all cells are numbers');
  let notation = settled ?? ({ decimal: '.' } as Notation);
  let weight = 0;
  if (!textual && reading?.type !== 'text') {
    const hint = terms.decimal ?? (numbers.count > 0 ? settled?.decimal : undefined);
    const inferred = raw.infer(hint, terms.others);
    const isMost =
      inferred !== undefined && 2 * (numbers.count + inferred.weight) >= numbers.count + textCells + strays;
    if (isMost && !inferred.notation) return ambiguous(raw, texts, terms);
    if (inferred?.notation && agrees(inferred.notation, settled, numbers.count)) {
      notation = { ...settled, ...inferred.notation };
      weight = inferred.weight;
    }
  }
  const present = numbers.count + textCells + strays;
  if (numbers.count + weight === present) return number(raw, notation, 'all cells are numbers');
  if (declared !== 'number' && 2 * (numbers.count + weight) < present) return undefined;
  const read = strictReader(notation);
  const bad = weight === 0 ? texts : texts.filter(({ text }) => Number.isNaN(read(text)));
  return refuseAs(raw, bad, 'a number', terms);
}

/** Numbers that were read before have the same unit, and no other separator. */
function agrees(inferred: Notation, settled: Notation | undefined, count: number): boolean {
  if (!settled || count === 0) return true;
  const sameGroups = settled.thousands === undefined || (inferred.thousands ?? settled.thousands) === settled.thousands;
  return inferred.unit === settled.unit && inferred.decimal === settled.decimal && sameGroups;
}

function undatedOrCategory(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision {
  const share = (matches: (text: string) => boolean) => {
    const cells = texts.reduce((sum, { text, count }) => sum + (matches(text) ? count : 0), 0);
    const all = texts.reduce((sum, { count }) => sum + count, 0);
    return all > 0 && 2 * cells > all;
  };
  if (raw.declared === undefined && !terms.isWanted && !raw.textual) {
    if (share((text) => !Number.isNaN(readTime(text)))) {
      const bad = texts.filter(({ text }) => Number.isNaN(readTime(text)));
      return refuseAs(raw, bad, 'a date in ISO 8601', terms);
    }
  }
  if (raw.declared === undefined && share((text) => OTHER_DATE.test(text) && Number.isNaN(readTime(text)))) {
    const { name } = raw;
    return refused(
      `column ${show(name)}: ${examples(texts, terms)} look like dates, but only those in ISO 8601 (2024-12-31) are certain; ` +
        `write them so, or types=${name}:category takes them as texts, drop=${name} leaves the column out`,
    );
  }
  return category(raw, texts, 'its cells are texts');
}

function number(raw: RawColumn, notation: Notation, why: string): Decision {
  const { name, numbers } = raw;
  const isPlain = notation.decimal === '.' && Object.keys(notation).length === 1;
  const read = strictReader(notation);
  const range = numbers.count > 0 ? ([numbers.min, numbers.max] as [number, number]) : ([0, 0] as [number, number]);
  const column: Column = { name, type: 'number', missing: 0, range, ...(!isPlain && { notation }) };
  return { is: 'column', column, code: read, why };
}

function boolean(name: string, texts: readonly Text[], why: string): Decision | undefined {
  const words = [...texts].sort((a, b) => b.count - a.count).map(({ text }) => text);
  const pairs = why === 'so declared' ? [...TRUTH_VALUES, ['0', '1'] as const] : TRUTH_VALUES;
  for (const pair of pairs) {
    const indices = words.map((word) => pair.indexOf(isNumeric(word) ? String(Number(word)) : word.toLowerCase()));
    if (words.length === 0 || indices.includes(-1)) continue;
    const label = (index: number) => words[indices.indexOf(index)] ?? pair[index]!;
    const column: BooleanColumn = { name, type: 'boolean', missing: 0, labels: [label(0), label(1)] };
    return { is: 'column', column, code: (text) => indices[words.indexOf(text)]!, why };
  }
  return undefined;
}

function isNumeric(text: string): boolean {
  return /^\d+(\.0*)?$/.test(text);
}

/** Returns undefined if a cell is no time. */
function timestamp(raw: RawColumn, texts: readonly Text[]): Decision | undefined {
  const { name, numbers, strays, reading } = raw;
  const times = texts.map(({ text }) => readTime(text));
  if (strays > 0 || times.some(Number.isNaN) || (numbers.count > 0 && reading?.type !== 'timestamp')) return undefined;
  let { min, max, midnights, minutes } = numbers;
  for (const time of times) {
    min = Math.min(min, time);
    max = Math.max(max, time);
    midnights &&= time % 86_400_000 === 0;
    minutes &&= time % 60_000 === 0;
  }
  const unit = midnights ? 'day' : minutes || max - min > 1000 * MAX_CODE ? 'minute' : 'second';
  const origin = Math.floor(min / 86_400_000) * 86_400_000;
  const column: TimestampColumn = { name, type: 'timestamp', missing: 0, unit, origin, range: [0, 0] };
  column.range = [codeOfInstant(column, min), codeOfInstant(column, max)];
  const code = (text: string) => codeOfInstant(column, readTime(text));
  return { is: 'column', column, code, why: `all cells are dates${unit === 'day' ? '' : ' and times'}` };
}

function category(raw: RawColumn, texts: readonly Text[], why: string): Decision {
  const { name } = raw;
  const sorted = [...texts].sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  const levels = sorted.slice(0, MAX_LEVELS).map(({ text }) => text);
  if (levels.length === 0) return leftOut('it has more distinct texts than can be learned');
  const column: CategoryColumn = { name, type: 'category', missing: 0, levels, counts: levels.map(() => 0) };
  return { is: 'column', column, code: (text) => codeOfLevel(column, text), why };
}

/** Returns why a column is of no use, or worse; undefined if it is of use. */
function reasonToLeaveOut(
  raw: RawColumn,
  column: Column,
  texts: readonly Text[],
  present: number,
  { rows, isFirst }: DecisionTerms,
): string | undefined {
  const { name, numbers, declared, strays } = raw;
  const isUnnamed = isFirst && name === UNNAMED;
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

const COUNTER = 'a counter';

/** The name of a first column that has none, as pandas calls it. */
export const UNNAMED = 'Unnamed: 0';

function coveredRows(texts: readonly Text[]): number {
  const counts = texts.map(({ count }) => count).sort((a, b) => b - a);
  return counts.slice(0, MAX_LEVELS).reduce((sum, count) => sum + count, 0);
}

function ambiguous(raw: RawColumn, texts: readonly Text[], terms: DecisionTerms): Decision {
  return refused(
    `column ${show(raw.name)}: ${examples(texts, terms)} could have a decimal comma or groups of three digits; ` +
      'say decimal=, or decimal=.',
  );
}

function refuseAs(raw: RawColumn, bad: readonly Text[], expected: string, terms: DecisionTerms): Decision {
  const { name, strayExamples, numbers, strays, declared } = raw;
  const cells = bad.reduce((sum, { count }) => sum + count, 0) + strays;
  const present = raw.countedTexts().reduce((sum, { count }) => sum + count, 0) + numbers.count + strays;
  const listed = [...bad, ...strayExamples].sort((a, b) => a.place - b.place);
  const commas = listed.some(({ text }) => /\d[.,]\d/.test(text))
    ? ', decimal=, or decimal=. says how its numbers are written'
    : '';
  const way = declared === undefined ? `types=${name}:category takes it as text, ` : '';
  return refused(
    `column ${show(name)}: ${cells} of ${present} cells ${cells === 1 ? 'is' : 'are'} neither ${expected} nor a known marker of a gap: ` +
      `${examples(listed, terms)}; ${way}drop=${name} leaves the column out${commas}`,
  );
}

/** Names the first cells and their places. */
export function examples(cells: readonly Example[], { where }: Pick<DecisionTerms, 'where'>): string {
  const named = cells.slice(0, 3).map(({ text, place }) => `${show(text)} (${where(place)})`);
  return named.join(', ') + (cells.length > 3 ? ' …' : '');
}

function shown(texts: readonly string[]): string {
  return texts.map(show).join(', ');
}

function leftOut(reason: string): Decision & { is: 'left_out' } {
  return { is: 'left_out', reason };
}

function refused(message: string): Decision {
  return { is: 'refused', message };
}

/** Returns the code of each text in a column's dictionary, and of the words before them. */
export function codesOfWords(raw: RawColumn, { column, code }: Decided): (word: number) => number {
  const codes = Float32Array.from(raw.dictionary.texts, (text) => (isGap(text) ? Number.NaN : code(text)));
  const other = column.type === 'category' ? column.levels.length : Number.NaN;
  return (word) => (word === GAP ? Number.NaN : word === OTHER ? other : codes[word - 1]!);
}
