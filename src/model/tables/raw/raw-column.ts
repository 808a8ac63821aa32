import type { ColumnType, Notation } from '../../columns/column.js';
import { isGap } from '../../columns/notation/gaps.js';
import {
  type InferredNotation,
  inferNotation,
  type OtherMarks,
  strictReader,
} from '../../columns/notation/notation-inference.js';
import { type DateOrder, readTime } from '../../columns/times.js';
import { MAX_FLOAT32 } from '../rows.js';
import { type Budget, Dictionary, MAX_TEXT } from './dictionary.js';
import { blockOf, NumberFacts } from './number-facts.js';

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

/** What the columns of a table share. */
export interface RawColumnContext {
  readonly budget: Budget;
  /** The order of day, month and year in dates, beside that of ISO 8601. */
  readonly order: DateOrder | undefined;
  /** Where the row is that is being added. */
  readonly place: () => number;
  /** Makes room for another text; returns false if the column must do without. */
  readonly onFull: (column: RawColumn, text: string) => boolean;
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
  /** Some of its times have day, month and year in another order than that of ISO 8601. */
  isOrdered = false;
  private read: ((text: string) => number) | undefined;
  private readonly context: RawColumnContext;

  constructor(
    name: string,
    declared: DeclaredType | undefined,
    chunk: { cells: Float64Array; words: Uint32Array },
    context: RawColumnContext,
  ) {
    this.name = name;
    this.declared = declared;
    this.cells = chunk.cells;
    this.words = chunk.words;
    this.dictionary = new Dictionary(context.budget);
    this.context = context;
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

  /** Adds many numbers; NaN is a gap. */
  addNumbers(values: Float64Array): void {
    this.isTyped = true;
    if (this.reading?.type === 'text') {
      for (const value of values) this.number(value);
      return;
    }
    this.cells.set(values, this.filled);
    // A computed NaN may have any bits.
    if (values.includes(Number.NaN)) {
      for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) this.words[2 * (this.filled + i)] = GAP;
    }
    this.filled += values.length;
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
  infer(decimal: '.' | ',' | undefined, others?: OtherMarks): InferredNotation | undefined {
    if (this.textual || this.reading?.type === 'text') return undefined;
    const inferred = inferNotation(this.countedTexts(), { decimal, others });
    return inferred.weight > 0 ? inferred : undefined;
  }

  /** Decides how the texts are read from here on, and reads those of the chunk. */
  settle(decimal: '.' | ',' | undefined, others: OtherMarks | undefined): void {
    if (this.reading) {
      if (this.reading.type === 'timestamp') this.read = this.readTime;
      return;
    }
    const texts = this.countedTexts();
    const weight = texts.reduce((sum, { count }) => sum + count, 0);
    const times = texts.reduce(
      (sum, { text, count }) => sum + (Number.isNaN(readTime(text, this.context.order)) ? 0 : count),
      0,
    );
    if (weight === 0 && this.textual) return;
    // Numbers that came as numbers are not written in any notation.
    if (weight === 0)
      this.readAs({
        type: 'number',
        notation: { decimal: this.isTyped ? '.' : (decimal ?? (others === ',' ? ',' : '.')) },
      });
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
    if (this.reading?.type === 'timestamp') {
      numbers.addInstants(cells, filled, row);
      return;
    }
    const block = blockOf(cells, filled);
    if (block.min >= -MAX_FLOAT32 && block.max <= MAX_FLOAT32) {
      numbers.add(cells, filled, row, block);
      return;
    }
    for (let i = 0; i < filled; i++) {
      const value = cells[i]!;
      if (value > MAX_FLOAT32 || value < -MAX_FLOAT32) {
        if (numbers.beyondFloat32++ === 0) numbers.firstBeyond = `${value} (row ${row + i + 1})`;
        words[2 * i + 1] = NAN_WORD;
        words[2 * i] = GAP;
      }
    }
    numbers.add(cells, filled, row);
  }

  /** Forgets the texts: there are too many to be levels. Those of the rows so far are strays as well. */
  forget(): void {
    for (const { text, count, place } of this.countedTexts()) this.addStray(text, count, place);
    this.isFull = true;
    this.dictionary.clear();
  }

  private readonly readTime = (text: string): number => {
    const time = readTime(text);
    if (!Number.isNaN(time) || this.context.order === undefined) return time;
    const ordered = readTime(text, this.context.order);
    if (!Number.isNaN(ordered)) this.isOrdered = true;
    return ordered;
  };

  private readAs(reading: Reading): void {
    this.reading = reading;
    this.read = reading.type === 'number' ? strictReader(reading.notation) : this.readTime;
    const { texts, counts, places } = this.dictionary;
    if (texts.length > 0) this.isWritten = true;
    const values = texts.map((text) => this.read!(text));
    texts.forEach((text, i) => {
      if (Number.isNaN(values[i])) return;
      if (/^[+-]?0\d+$/.test(text)) this.leadingZeros = true;
      const isPlain = /^[+-]?[\d.e+-]+$/i.test(text) || !Number.isFinite(values[i]);
      if (reading.type === 'number' && !isPlain && this.notationExamples.length < MAX_EXAMPLES)
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
    else if (!this.isFull && (this.dictionary.hasRoom(text) || this.context.onFull(this, text))) {
      return 1 + this.dictionary.add(text, this.context.place());
    }
    return this.stray(text);
  }

  private stray(text: string): number {
    if (isGap(text)) return GAP;
    this.addStray(text, 1, this.context.place());
    return OTHER;
  }

  private addStray(text: string, count: number, place: number): void {
    this.strays += count;
    if (this.strayExamples.length < MAX_EXAMPLES) this.strayExamples.push({ text: text.slice(0, 40), place });
  }

  private setWord(word: number): void {
    this.words[2 * this.filled + 1] = NAN_WORD;
    this.words[2 * this.filled++] = word;
  }
}
