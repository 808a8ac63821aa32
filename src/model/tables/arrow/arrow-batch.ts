import type { Buffer as Part } from 'apache-arrow/fb/buffer';
import type { RecordBatch } from 'apache-arrow/fb/record-batch';
import { show } from '../../../base/domain-error.js';
import { type Bytes, within } from '../byte-source.js';
import { invalidArrow } from './arrow-error.js';
import { type ArrowPart, bufferSizes, type DictionaryValues } from './arrow-part.js';
import type { ArrowNode, ArrowSchema } from './arrow-schema.js';

/** A record batch. */
export interface ArrowBatch {
  readonly rows: number;
  /** Per column; undefined for one that is not read. */
  readonly parts: readonly (ArrowPart | undefined)[];
}

/**
 * Finds the columns of a record batch in its `body`. `dictionaries` has that of each column. The positions and lengths are
 * untrusted: throws `INVALID_ARROW` with the place if they lie outside of the body, or overlap.
 */
export function readBatch(
  batch: RecordBatch | null,
  { columns, nodes }: ArrowSchema,
  dictionaries: readonly (DictionaryValues | undefined)[],
  body: Bytes,
  place: string,
): ArrowBatch {
  if (!batch) throw invalidArrow(`${place} is empty`);
  const { starts, total } = bufferStarts(batch, nodes);
  if (batch.nodesLength() !== nodes.length || batch.buffersLength() !== total) {
    const got = `${batch.nodesLength()} and ${batch.buffersLength()}`;
    throw invalidArrow(`${place}: expected ${nodes.length} columns and ${total} buffers, got ${got}`);
  }
  const rows = Number(batch.length());
  // Written so that NaN is refused too.
  if (!(rows >= 0)) throw invalidArrow(`${place}: it has ${rows} rows`);
  const compression = batch.compression();
  let used = 0;
  const parts = columns.map(({ name, node, type: values, dictionary }, i): ArrowPart | undefined => {
    if (!values) return undefined;
    const type = dictionary?.indices ?? values;
    const where = () => `${place}, column ${show(name)}`;
    const field = batch.nodes(node)!;
    if (Number(field.length()) !== rows)
      throw invalidArrow(`${where()}: expected ${rows} values, got ${field.length()}`);
    const buffers: Bytes[] = [];
    const sizes = bufferSizes(type, rows);
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      buffers.push(locate(batch.buffers(at)!, compression ? 0 : (sizes[buffers.length] ?? 0), where));
    }
    // An empty bitmap means that no value is null.
    if (buffers[0]?.length === 0 && field.nullCount() > 0n) {
      throw invalidArrow(`${where()}: ${field.nullCount()} nulls, but no validity bitmap`);
    }
    const isEncoded = dictionary !== undefined;
    return { rows, type, buffers, compression, dictionary: dictionaries[i], isEncoded, place: where };
  });
  return { rows, parts };

  /** Returns a buffer, which must lie in the body and have at least `min` bytes. */
  function locate(part: Part, min: number, where: () => string): Bytes {
    const [offset, length] = [Number(part.offset()), Number(part.length())];
    if (!(offset >= 0 && length >= min && offset + length <= body.length)) {
      throw invalidArrow(
        `${where()}: ${rows} rows do not fit in the ${body.length} bytes of the batch (${length} bytes at ${offset})`,
      );
    }
    // Overlapping buffers could expand a small batch into a large table. The format writes them one after the other.
    used += length;
    if (used > body.length) throw invalidArrow(`${where()}: its buffers overlap`);
    return within(body, offset, length);
  }
}

/** Returns where the buffers of each node begin, and how many there are. */
function bufferStarts(batch: RecordBatch, nodes: readonly ArrowNode[]): { starts: number[]; total: number } {
  const starts = [0];
  let total = 0;
  let views = 0;
  for (const { buffers, isView } of nodes) {
    total += buffers;
    if (isView) total += Number(batch.variadicBufferCounts(views++) ?? 0);
    starts.push(total);
  }
  return { starts, total };
}
