import { parse } from 'csv-parse/sync';
import { CSV_OPTIONS, readHeader } from './csv-table.js';

const LINE_FEED = 0x0a;
/** Maximum bytes that are parsed here, on the event loop. */
const MAX_BYTES = 2 ** 16;

/**
 * Passes on a CSV as it arrives, and calls `check` with its header once the first line is there: a client need not send the
 * whole of a long table to learn that its columns are wrong. A header that is not readable by then is left to the reader of the
 * whole. Throws what `readHeader` and `check` throw.
 */
export async function* withEarlyHeader(
  source: AsyncIterable<Uint8Array>,
  check: (header: readonly string[]) => void,
): AsyncGenerator<Uint8Array> {
  let start: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const chunk of source) {
    start?.push(chunk);
    size += chunk.length;
    if (start && chunk.includes(LINE_FEED)) {
      const text = Buffer.concat(start);
      // Whole lines only: of a part, a part of the header would be read.
      const header = firstRecord(text.subarray(0, text.lastIndexOf(LINE_FEED, MAX_BYTES) + 1));
      if (header) check(readHeader(header));
      start = undefined;
    } else if (size > MAX_BYTES) start = undefined;
    yield chunk;
  }
}

/** Returns undefined if there is none, for example because a line break belongs to a quoted name. */
function firstRecord(text: Buffer): string[] | undefined {
  try {
    return parse(text, { ...CSV_OPTIONS, to: 1 })[0];
  } catch {
    return undefined;
  }
}
