/** Replaces the bits of a number before they are hashed: numbers that mean the same in two tables must have the same bits. */
export type BitsOf = (column: number, number: number, bits: number) => number;

/**
 * Returns a 32-bit hash of each of `rows` rows, whose numbers are in `parts`, each `[rows, any width]`: MurmurHash3 (Appleby,
 * 2011) of their float32 bits.
 */
export function hashRows(rows: number, ...parts: readonly Float32Array[]): Uint32Array {
  return hashRowsAs(rows, undefined, ...parts);
}

/** As {@link hashRows}, of other bits for the numbers of the first part. */
export function hashRowsAs(rows: number, bitsOf: BitsOf | undefined, ...parts: readonly Float32Array[]): Uint32Array {
  const hashes = new Uint32Array(rows);
  for (const [part, numbers] of parts.entries()) {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    const width = numbers.length / rows;
    const replaced = part === 0 ? bitsOf : undefined;
    for (let row = 0, at = 0; row < rows; row++) {
      let hash = hashes[row]!;
      for (let j = 0; j < width; j++, at++) {
        const mixed = Math.imul(replaced ? replaced(j, numbers[at]!, bits[at]!) : bits[at]!, 0xcc9e2d51);
        hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
        hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
      }
      hashes[row] = hash;
    }
  }
  return hashes.map(finish);
}

/** Returns a 32-bit hash of a text: FNV-1a of its UTF-16 units (Fowler, Noll and Vo), mixed. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(hash) >>> 0;
}

/** MurmurHash3's final mix: every input bit affects every output bit. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
