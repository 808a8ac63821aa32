const MAGIC = 0x184d2204;
/** A bit of a block's length: the block is not compressed. */
const STORED = 0x80000000;
const MIN_MATCH = 4;

/**
 * Decompresses a frame of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md) into `length` bytes. Checksums are
 * not compared. Throws an Error if the frame is damaged, or has another length.
 */
export function decompressLz4Frame(frame: Uint8Array, length: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('it is no LZ4 frame');
  const flags = view.getUint8(4);
  const [hasBlockChecksum, hasLength, hasDictionary] = [flags & 0x10, flags & 0x08, flags & 0x01];
  if (hasDictionary) throw new Error('the LZ4 frame needs a dictionary');
  let at = 7 + (hasLength ? 8 : 0);
  const output = new Uint8Array(length);
  let written = 0;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const size = word & ~STORED;
    if (at + size > frame.length) throw new Error('the LZ4 frame ends early');
    const block = frame.subarray(at, at + size);
    if (word & STORED) output.set(block, written);
    written = word & STORED ? written + size : readBlock(block, output, written);
    at += size + (hasBlockChecksum ? 4 : 0);
  }
  if (written !== length) throw new Error(`the LZ4 frame has ${written} bytes, expected ${length}`);
  return output;
}

/**
 * Appends a block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) to the output, which may repeat what precedes
 * it. Returns the end.
 */
function readBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let at = 0;
  let end = start;
  const longer = (length: number): number => {
    if (length < 15) return length;
    let sum = length;
    for (let byte = 255; byte === 255; sum += byte) {
      byte = block[at++] ?? fail();
    }
    return sum;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = longer(token >> 4);
    if (at + literals > block.length || end + literals > output.length) fail();
    for (const to = end + literals; end < to; ) output[end++] = block[at++]!;
    // The last sequence has no match.
    if (at === block.length) return end;
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    const match = longer(token & 15) + MIN_MATCH;
    if (!(offset > 0 && offset <= end) || end + match > output.length) fail();
    // Byte by byte: a match may overlap what it writes, which repeats it.
    for (const to = end + match; end < to; end++) output[end] = output[end - offset]!;
  }
  return end;
}

function fail(): never {
  throw new Error('the LZ4 block is damaged');
}
