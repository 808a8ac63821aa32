import { codeOfValue, type Uncodable } from './coding.js';
import type { Column } from './column.js';

/** Texts of a column whose codes are remembered, and the length up to which they are: at most a few hundred kilobytes. */
const MAX_TEXTS = 2048;
const MAX_LENGTH = 40;

/** Codes the values of one column, as `codeOfValue` does. Rows have the same texts again and again, and parsing a date takes long. */
export class ValueCoder {
  private readonly column: Column;
  private readonly known = new Map<string, number>();

  constructor(column: Column) {
    this.column = column;
  }

  /** Returns the code of a JSON value. NaN stands for a missing value. */
  code(value: unknown): number | Uncodable {
    if (typeof value !== 'string') return codeOfValue(this.column, value);
    return this.known.get(value) ?? this.read(value);
  }

  private read(text: string): number | Uncodable {
    const code = codeOfValue(this.column, text);
    if (typeof code === 'number' && text.length <= MAX_LENGTH) {
      // A stream of new texts must not take ever more memory.
      if (this.known.size >= MAX_TEXTS) this.known.clear();
      this.known.set(text, code);
    }
    return code;
  }
}

const CODERS = new WeakMap<readonly Column[], readonly ValueCoder[]>();

/** Returns the coders of a model's columns, which remember texts from one request to the next. */
export function valueCoders(columns: readonly Column[]): readonly ValueCoder[] {
  let coders = CODERS.get(columns);
  if (!coders) {
    coders = columns.map((column) => new ValueCoder(column));
    CODERS.set(columns, coders);
  }
  return coders;
}
