import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import type { Bytes } from '../byte-source.js';
import { type PandasNotes, pandasNotes } from '../pandas.js';
import { type ArrowBatch, readBatch } from './arrow-batch.js';
import { ArrowDictionary } from './arrow-dictionary.js';
import { invalidArrow } from './arrow-error.js';
import { type ArrowMessage, readMessages } from './arrow-messages.js';
import { type ArrowColumn, type ArrowSchema, readSchema, schemaEntry } from './arrow-schema.js';

/**
 * Reads an Arrow stream or an Arrow file. Only the values requested are read into memory. The constructor and `next` throw
 * `INVALID_ARROW` with the place.
 */
export class ArrowStream {
  /** In the order of the schema. */
  readonly columns: readonly ArrowColumn[];
  private readonly schema: ArrowSchema;
  private readonly messages: Iterator<ArrowMessage>;
  private readonly metadata: (key: string) => string | undefined;
  /** By the number that the columns give to them. */
  private readonly dictionaries = new Map<bigint, ArrowDictionary>();
  private batches = 0;

  constructor(bytes: Bytes) {
    const { schema, size, rest } = readMessages(bytes);
    this.schema = readSchema(schema, size);
    this.columns = this.schema.columns;
    this.messages = rest;
    this.metadata = (key) => schemaEntry(schema!, key);
  }

  /** What pandas notes about the columns. */
  get notes(): PandasNotes {
    return pandasNotes(
      this.metadata('pandas'),
      this.columns.map(({ name }) => name),
    );
  }

  /** Returns the next record batch, or undefined after the last. */
  next(): ArrowBatch | undefined {
    for (let next = this.messages.next(); !next.done; next = this.messages.next()) {
      const { message, body } = next.value;
      const place = `record batch ${this.batches}`;
      const kind = message.headerType();
      if (kind === MessageHeader.RecordBatch) {
        const dictionaries = this.columns.map(({ dictionary }) => dictionary && this.dictionaries.get(dictionary.id));
        this.batches++;
        return readBatch(message.header(new RecordBatch()), this.schema, dictionaries, body, place);
      }
      if (kind !== MessageHeader.DictionaryBatch) {
        throw invalidArrow(`${place}: expected a record batch, got ${MessageHeader[kind] ?? 'an unknown message'}`);
      }
      this.addDictionary(message.header(new DictionaryBatch()), body);
    }
    return undefined;
  }

  /** Appends to a dictionary, or replaces it for the record batches that follow. */
  private addDictionary(batch: DictionaryBatch | null, body: Bytes): void {
    const id = batch?.id();
    const column = this.columns.find(({ dictionary }) => dictionary?.id === id);
    if (id === undefined || !column?.type || !column.dictionary) return;
    const { name, type, typeId } = column;
    const values: ArrowSchema = { columns: [{ name, type, typeId, node: 0 }], nodes: [column.dictionary.values] };
    const { parts } = readBatch(batch!.data(), values, [], body, `dictionary ${id}`);
    const known = batch!.isDelta() ? this.dictionaries.get(id) : undefined;
    const dictionary = known ?? new ArrowDictionary();
    dictionary.append(parts[0]!);
    this.dictionaries.set(id, dictionary);
  }
}
