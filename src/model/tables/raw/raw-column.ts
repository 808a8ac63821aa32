import { readTime } from '../../columns/coding.js';
import type { ColumnType, Notation } from '../../columns/column.js';
import { isGap } from '../../columns/notation/gaps.js';
import { type InferredNotation, inferNotation, strictReader } from '../../columns/notation/notation-inference.js';
import { MAX_FLOAT32 } from '../rows.js';
import { type Budget, Dictionary, MAX_TEXT } from './dictionary.js';

/**
 * A cell is a float64: a number, an instant in milliseconds, or NaN. The low word of a NaN says what it stands for: nothing (a gap),
 * 1 + the index of a text in the column's dictionary, or a text that is not there.
 */
export const GAP = 0;
export const OTHER = 0xffff_ffff;
const NAN_WORD = 0x7ff8_0000;

/** Examples of a message. */
const MAX_EXAMPLES = 3;

/** What a column is declared to be, beside its cells: `index` is left out. */
export type DeclaredType = ColumnType | 'index';

/** A text, and the line or the row in which it was first. */
export interface Example {
  readonly text: string;
  readonly place: number;
}

/** How the texts of a column are read from the first rows on. */
export type Reading =
  | { readonly type: 'number'; readonly notation: Notation }
  | { readonly type: 'timestamp' }
  | { readonly type: 'text' };

/** Numbers of a column, as far as they are read. */
export class NumberFacts {
  count = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  integers = true;
  /** Each is larger than the one before it. */
  increasing = true;
  /** Each is one more than that of the row before, from the first row on. */
  counts = true;
  first = Number.NaN;
  /** Integers that float64 cannot distinguish from their neighbours. */
  beyondExact = 0;
  /** Numbers that float32 cannot hold. */
  beyondFloat32 = 0;
  /** All are midnights, all are whole minutes: if they are instants. */
  midnights = true;
  minutes = true;
  private last = Number.NEGATIVE_INFINITY;

  add(value: number, row: number): void {
    if (this.count++ === 0) {
      this.first = value - row;
      if (row > 0) this.counts = false;
    }
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.counts && value !== this.first + row) this.counts = false;
    if (this.increasing && value <= this.last) this.increasing = false;
    this.last = value;
    if (this.integers) {
      if (value % 1 !== 0) this.integers = false;
      else if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) this.beyondExact++;
    }
    if (this.minutes && value % 60_000 !== 0) this.minutes = false;
    if (this.midnights && value % 86_400_000 !== 0) this.midnights = false;
  }
}

/** One column of a table that is being read: its cells in the rows of a chunk, and what is known of all of them. */
export class RawColumn {
  readonly name: string;
  /** As the file, the model that serves or the caller says; undefined if the cells decide. */
  readonly declared: DeclaredType | undefined;
  readonly numbers = new NumberFacts();
  readonly dictionary: Dictionary;
  /** Cells of the chunk, and their words. */
  readonly cells: Float64Array;
  readonly words: Uint32Array;
  /** Cells in the chunk so far. */
  filled = 0;
  /** From the settling on. */
  reading: Reading | undefined;
  /** Its texts are texts, even if they look like numbers. */
  textual = false;
  /** Some of its numbers came as numbers, not as texts. */
  isTyped = false;
  /** There were more distinct texts than are retained, and they are forgotten. */
  isFull = false;
  /** Texts too long to be a level. */
  longTexts = 0;
  /** Texts that are not in the dictionary because it has no room for them. */
  strays = 0;
  readonly strayExamples: Example[] = [];
  /** Numbers that are not written plainly. */
  readonly notationExamples: Example[] = [];
  /** Rows whose source does not have the column. */
  absentRows = 0;
  /** Some of its numbers came as texts, in a notation. */
  isWritten = false;
  /** An integer begins with a zero, as the codes of places do. */
  leadingZeros = false;
  private read: ((text: string) => number) | undefined;
  private readonly place: () => number;
  private readonly onFull: (column: RawColumn, text: string) => boolean;

  constructor(
    name: string,
    declared: DeclaredType | undefined,
    chunk: { cells: Float64Array; words: Uint32Array },
    context: { budget: Budget; place: () => number; onFull: (column: RawColumn, text: string) => boolean },
  ) {
    this.name = name;
    this.declared = declared;
    this.cells = chunk.cells;
    this.words = chunk.words;
    this.dictionary = new Dictionary(context.budget);
    this.place = context.place;
    this.onFull = context.onFull;
    // Their texts are levels, as they are written.
    if (declared === 'category' || declared === 'boolean') this.reading = { type: 'text' };
  }

  /** Adds a cell of a text file: a number, a time, a word, or the marker of a gap. */
  cell(text: string): void {
    if (this.read) {
      const number = this.read(text);
      if (!Number.isNaN(number)) {
        this.cells[this.filled++] = number;
        return;
      }
    }
    const trimmed = text.trim();
    if (this.read && trimmed !== text) {
      const number = this.read(trimmed);
      if (!Number.isNaN(number)) {
        this.cells[this.filled++] = number;
        return;
      }
    }
    this.put(trimmed);
  }

  /** Adds a text that is no number, whatever it looks like. */
  text(text: string): void {
    this.textual = true;
    if (this.reading?.type === 'timestamp') this.cell(text);
    else this.put(text.trim());
  }

  /** Adds a number; NaN is a gap. */
  number(value: number): void {
    this.isTyped = true;
    if (this.reading?.type === 'text') this.put(Number.isNaN(value) ? '' : String(value));
    else this.cells[this.filled++] = value;
    // A computed NaN may have any bits.
    if (Number.isNaN(value)) this.words[2 * (this.filled - 1)] = GAP;
  }

  boolean(value: boolean): void {
    this.textual = true;
    this.put(String(value));
  }

  /** Adds a point in time, in milliseconds since 1970, UTC. */
  instant(milliseconds: number): void {
    if (this.reading?.type === 'text') this.put(new Date(milliseconds).toISOString());
    else {
      this.reading ??= { type: 'timestamp' };
      this.number(milliseconds);
    }
  }

  gap(): void {
    this.setWord(GAP);
  }

  /** Adds a gap in a row whose source does not have the column: it says nothing of what the column is. */
  absent(): void {
    this.absentRows++;
    this.gap();
  }

  /** Adds a JSON value. Returns false for one that no column can hold, which is not added. */
  value(value: unknown): boolean {
    if (value === null || value === undefined) this.gap();
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'boolean') this.boolean(value);
    else return false;
    return true;
  }

  /** Returns in which notation its texts are numbers; undefined if no text is one. */
  infer(decimal: '.' | ',' | undefined, others?: '.' | ','): InferredNotation | undefined {
    if (this.textual || this.reading?.type === 'text') return undefined;
    const inferred = inferNotation(this.countedTexts(), { decimal, others });
    return inferred.weight > 0 ? inferred : undefined;
  }

  /** Decides how the texts are read from here on, and reads those of the chunk. */
  settle(decimal: '.' | ',' | undefined, others: '.' | ',' | undefined): void {
    if (this.reading) {
      if (this.reading.type === 'timestamp') this.read = readTime;
      return;
    }
    const texts = this.countedTexts();
    const weight = texts.reduce((sum, { count }) => sum + count, 0);
    const times = texts.reduce((sum, { text, count }) => sum + (Number.isNaN(readTime(text)) ? 0 : count), 0);
    if (weight === 0 && this.textual) return;
    // Numbers that came as numbers are not written in any notation.
    if (weight === 0)
      this.readAs({ type: 'number', notation: { decimal: this.isTyped ? '.' : (decimal ?? others ?? '.') } });
    else if (2 * times >= weight) this.readAs({ type: 'timestamp' });
    else if (!this.textual) {
      const inferred = this.infer(decimal, others);
      if (!inferred || 2 * inferred.weight < weight) this.reading = { type: 'text' };
      else if (inferred.notation) this.readAs({ type: 'number', notation: inferred.notation });
      // Otherwise its numbers can be read in two ways: it is refused at the end.
    }
  }

  /** Texts that are no gaps, with their counts. */
  countedTexts(): (Example & { count: number })[] {
    const { texts, counts, places } = this.dictionary;
    return texts.flatMap((text, i) => (isGap(text) ? [] : { text, count: counts[i]!, place: places[i]! }));
  }

  /** Counts what is in the chunk, whose first row is `row`, and makes numbers that float32 cannot hold gaps. */
  observe(row: number): void {
    const { cells, words, numbers, filled } = this;
    const isNumber = this.reading?.type !== 'timestamp';
    for (let i = 0; i < filled; i++) {
      const value = cells[i]!;
      if (Number.isNaN(value)) continue;
      if (isNumber && (value > MAX_FLOAT32 || value < -MAX_FLOAT32)) {
        numbers.beyondFloat32++;
        words[2 * i + 1] = NAN_WORD;
        words[2 * i] = GAP;
      } else numbers.add(value, row + i);
    }
  }

  /** Forgets the texts: there are too many to be levels. */
  forget(): void {
    this.isFull = true;
    this.dictionary.clear();
  }

  private readAs(reading: Reading): void {
    this.reading = reading;
    this.read = reading.type === 'number' ? strictReader(reading.notation) : readTime;
    const { texts, counts, places } = this.dictionary;
    if (texts.length > 0) this.isWritten = true;
    const values = texts.map((text) => this.read!(text));
    texts.forEach((text, i) => {
      if (Number.isNaN(values[i])) return;
      if (/^[+-]?0\d+$/.test(text)) this.leadingZeros = true;
      const isPlain = /^[+-]?[\d.e+-]+$/i.test(text);
      if (!isPlain && this.notationExamples.length < MAX_EXAMPLES)
        this.notationExamples.push({ text, place: places[i]! });
    });
    const rest = texts.flatMap((text, i) =>
      Number.isNaN(values[i]) ? { text, i, count: counts[i]!, place: places[i]! } : [],
    );
    this.dictionary.clear();
    const words = new Map(rest.map(({ text, count, place, i }) => [i, 1 + this.dictionary.add(text, place, count)]));
    for (let at = 0; at < this.filled; at++) {
      const word = this.words[2 * at]!;
      if (!Number.isNaN(this.cells[at]) || word === GAP || word === OTHER) continue;
      const value = values[word - 1]!;
      if (Number.isNaN(value)) this.words[2 * at] = words.get(word - 1)!;
      else this.cells[at] = value;
    }
  }

  private put(text: string): void {
    if (text === '') this.setWord(GAP);
    else this.setWord(this.wordOf(text));
  }

  private wordOf(text: string): number {
    const known = this.dictionary.count(text);
    if (known !== undefined) return 1 + known;
    if (text.length > MAX_TEXT) this.longTexts++;
    else if (!this.isFull && (this.dictionary.hasRoom(text) || this.onFull(this, text))) {
      return 1 + this.dictionary.add(text, this.place());
    }
    return this.stray(text);
  }

  private stray(text: string): number {
    if (isGap(text)) return GAP;
    this.strays++;
    if (this.strayExamples.length < MAX_EXAMPLES)
      this.strayExamples.push({ text: text.slice(0, 40), place: this.place() });
    return OTHER;
  }

  private setWord(word: number): void {
    this.words[2 * this.filled + 1] = NAN_WORD;
    this.words[2 * this.filled++] = word;
  }
}
