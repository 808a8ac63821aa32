import type { Cells } from '../cells.js';
import type { Budget } from './arrow-compression.js';
import { invalidArrow } from './arrow-error.js';
import type { ArrowPart, DictionaryValues } from './arrow-part.js';
import { openValues } from './arrow-values.js';

/** Values that a dictionary may have. Each takes memory, even if it has no bytes. */
const MAX_VALUES = 2 ** 22;
const VALUES_PER_STEP = 4096;

/** The values that the indices of a column stand for. More may be appended; they are read when they are needed. */
export class ArrowDictionary implements DictionaryValues {
  private readonly unread: ArrowPart[] = [];
  private readonly values: number[] = [];
  private readonly texts: string[] = [];
  private rows = 0;

  append(part: ArrowPart): void {
    this.rows += part.rows;
    if (this.rows > MAX_VALUES)
      throw invalidArrow(`${part.place()}: expected at most ${MAX_VALUES} values of a dictionary`);
    this.unread.push(part);
  }

  *load(budget: Budget): Generator<void> {
    for (let part = this.unread.shift(); part; part = this.unread.shift()) {
      const read = openValues(part, budget);
      for (let from = 0; from < part.rows; from += VALUES_PER_STEP) {
        const { values, texts = [] } = read(from, Math.min(part.rows, from + VALUES_PER_STEP));
        const base = this.texts.length;
        for (const text of texts) this.texts.push(text);
        for (const value of values) this.values.push(base + value);
        yield;
      }
    }
  }

  cells(indices: Float64Array, budget: Budget, place: () => string): Cells {
    for (const _ of this.load(budget));
    const { values } = this;
    const found = Float64Array.from(indices, (index) => {
      if (Number.isNaN(index)) return index;
      if (index >= 0 && index < values.length) return values[index]!;
      throw invalidArrow(`${place()}: index ${index} is not in its dictionary of ${values.length} values`);
    });
    return { values: found, ...(this.texts.length > 0 && { texts: this.texts }) };
  }
}
