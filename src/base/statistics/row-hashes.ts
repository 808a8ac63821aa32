/**
 * Returns a 32-bit hash of each of `rows` rows, whose numbers are in `parts`, each `[rows, any width]`: MurmurHash3 (Appleby,
 * 2011) of their float32 bits.
 */
export function hashRows(rows: number, ...parts: readonly Float32Array[]): Uint32Array {
  const hashes = new Uint32Array(rows);
  for (const numbers of parts) {
    const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
    const width = numbers.length / rows;
    for (let row = 0, at = 0; row < rows; row++) {
      let hash = hashes[row]!;
      for (let j = 0; j < width; j++, at++) {
        const mixed = Math.imul(bits[at]!, 0xcc9e2d51);
        hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
        hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
      }
      hashes[row] = hash;
    }
  }
  return hashes.map(finish);
}

/** MurmurHash3's final mix: every input bit affects every output bit. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
