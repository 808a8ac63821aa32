/** Distinct texts of a column that are retained. A category has fewer, and what has more is a number, a time or an identifier. */
const MAX_TEXTS = 65_536;
/** Characters of a text that is retained: those of a level. */
export const MAX_TEXT = 256;
/** Bytes that a text takes beside its characters: its object, its places in a map and in three lists. */
const BYTES_PER_TEXT = 160;

/** Bytes that the dictionaries of a table may take together. */
export interface Budget {
  left: number;
}

/** The distinct texts of a column, with how often each is there and where it was first. */
export class Dictionary {
  readonly texts: string[] = [];
  readonly counts: number[] = [];
  /** Where each text was first: the line of a file, or the number of its row. */
  readonly places: number[] = [];
  private readonly indices = new Map<string, number>();
  private readonly budget: Budget;
  private bytes = 0;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  get size(): number {
    return this.texts.length;
  }

  /** Counts a text, and returns its index; undefined for one that is not there. */
  count(text: string): number | undefined {
    const index = this.indices.get(text);
    if (index !== undefined) this.counts[index]!++;
    return index;
  }

  /** True if it has as many texts as it may have. */
  get isLong(): boolean {
    return this.size >= MAX_TEXTS;
  }

  /** Returns true if there is room for another text. */
  hasRoom(text: string): boolean {
    return !this.isLong && cost(text) <= this.budget.left;
  }

  /** Adds a text, and returns its index. */
  add(text: string, place: number, count = 1): number {
    const index = this.size;
    this.bytes += cost(text);
    this.budget.left -= cost(text);
    this.indices.set(text, index);
    this.texts.push(text);
    this.counts.push(count);
    this.places.push(place);
    return index;
  }

  /** Gives its memory back. */
  clear(): void {
    this.budget.left += this.bytes;
    this.bytes = 0;
    this.indices.clear();
    for (const list of [this.texts, this.counts, this.places]) list.length = 0;
  }
}

function cost(text: string): number {
  return BYTES_PER_TEXT + 2 * text.length;
}
