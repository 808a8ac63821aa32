/**
 * A map of at most `max` entries, which forgets those that have not been used for longest, about: it holds two generations, and
 * when the younger one is full, what has not been used since the last change goes. Unlike an exact order, that costs a hit
 * nothing.
 */
export class RecentMap<Key, Value> {
  private readonly half: number;
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();

  constructor(max: number) {
    this.half = Math.ceil(max / 2);
  }

  /** Number of entries. One that is in both generations counts twice. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  /** Returns the value of a key, made by `create` if it is not known. */
  get(key: Key, create: () => Value): Value {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const found = this.old.get(key) ?? create();
    if (this.young.size >= this.half) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, found);
    return found;
  }
}
