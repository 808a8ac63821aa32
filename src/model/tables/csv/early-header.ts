import { parse } from 'csv-parse/sync';
import { CsvDecoder } from './csv-decoder.js';
import { CSV_OPTIONS, dialectOf } from './csv-dialect.js';
import { type CsvOptions, readHeader } from './csv-reader.js';

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
  options: CsvOptions = {},
): AsyncGenerator<Uint8Array> {
  let start: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const chunk of source) {
    start?.push(chunk);
    size += chunk.length;
    if (start && chunk.includes(LINE_FEED)) {
      const header = firstRecord(Buffer.concat(start), options);
      if (header) check(readHeader(header));
      start = undefined;
    } else if (size > MAX_BYTES) start = undefined;
    yield chunk;
  }
}

/** Returns undefined if there is none, for example because a line break belongs to a quoted name, or the line may be a comment. */
function firstRecord(bytes: Buffer, options: CsvOptions): string[] | undefined {
  try {
    const text = new CsvDecoder(options.charset).decode(bytes);
    // Whole lines only: of a part, a part of the header would be read.
    const lines = text.subarray(0, text.lastIndexOf(LINE_FEED, MAX_BYTES) + 1);
    const { delimiter, start } = dialectOf(lines, options);
    const [header]: string[][] = parse(lines.subarray(start), { ...CSV_OPTIONS, delimiter, to: 1 });
    if (!header || header[0]!.startsWith('#')) return undefined;
    while (header.length > 1 && header.at(-1)!.trim() === '') header.pop();
    return header.length > 1 ? header : undefined;
  } catch {
    return undefined;
  }
}
