import { isUtf8 } from 'node:buffer';
import { Endianness } from 'apache-arrow/fb/endianness';
import { Field } from 'apache-arrow/fb/field';
import type { Schema } from 'apache-arrow/fb/schema';
import { Type } from 'apache-arrow/fb/type';
import { Union } from 'apache-arrow/fb/union';
import { UnionMode } from 'apache-arrow/fb/union-mode';
import { Encoding } from 'flatbuffers';
import { show } from '../../../base/domain-error.js';
import { MAX_COLUMNS } from '../columns.js';
import { invalidArrow } from './arrow-error.js';
import { type ArrowType, arrowType, intType } from './arrow-type.js';

/** Maximum number of fields, with those that are nested, and their maximum depth. */
const MAX_FIELDS = 10_000;
const MAX_DEPTH = 64;
/** Maximum number of entries in the metadata of a schema. */
const MAX_ENTRIES = 1000;

export interface ArrowColumn {
  readonly name: string;
  /** Of its values, or of those in its dictionary. Undefined if values of this type are not read. */
  readonly type: ArrowType | undefined;
  /** Apache's number of the type. */
  readonly typeId: number;
  readonly dictionary?: ArrowDictionaryField;
  /** The index of its node in record batches. */
  readonly node: number;
}

interface ArrowDictionaryField {
  readonly id: bigint;
  readonly indices: ArrowType;
  /** Of its values in the dictionary's batches. */
  readonly values: ArrowNode;
}

/** A field, nested or not, as it lies in a record batch. */
export interface ArrowNode {
  /** The number of its buffers; for views, without those that hold the texts. */
  readonly buffers: number;
  readonly isView: boolean;
}

export interface ArrowSchema {
  readonly columns: readonly ArrowColumn[];
  /** Those of the columns, each followed by its children. */
  readonly nodes: readonly ArrowNode[];
}

/** Maximum bytes of a schema that is retained. */
const MAX_RETAINED = 2 ** 16;
/** The schema that was read last: a client sends the same one with each of its requests. */
let latest: { readonly bytes: Uint8Array; readonly at: number; readonly schema: ArrowSchema } | undefined;

/** Reads a schema of at most `size` bytes. Throws `INVALID_ARROW` with the column. */
export function readSchema(schema: Schema | null, size: number): ArrowSchema {
  if (!schema) throw invalidArrow('the schema is empty');
  const bytes = schema.bb!.bytes();
  const at = schema.bb_pos;
  if (latest?.at === at && Buffer.compare(latest.bytes, bytes) === 0) return latest.schema;
  const read = readColumns(schema, size);
  if (bytes.length <= MAX_RETAINED) latest = { bytes: Uint8Array.from(bytes), at, schema: read };
  return read;
}

function readColumns(schema: Schema, size: number): ArrowSchema {
  if (schema.endianness() !== Endianness.Little)
    throw invalidArrow('expected little-endian numbers, got big-endian ones');
  const count = schema.fieldsLength();
  if (count < 1) throw invalidArrow('expected at least one column, got none');
  if (count > MAX_COLUMNS) throw invalidArrow(`expected at most ${MAX_COLUMNS} columns, got ${count}`);
  const columns: ArrowColumn[] = [];
  const nodes: ArrowNode[] = [];
  const seen = new Set<string>();
  let left = size;
  for (let i = 0; i < count; i++) {
    const field = schema.fields(i)!;
    const encoded = field.name(Encoding.UTF8_BYTES) as Uint8Array | null;
    left -= encoded?.length ?? 0;
    // Overlapping names could expand a small schema into much text.
    if (left < 0) throw invalidArrow(`column ${i}: its name is longer than the schema`);
    if (encoded && !isUtf8(encoded)) throw invalidArrow(`column ${i}: its name is not UTF-8`);
    const name = Buffer.from(encoded ?? []).toString();
    if (name === '') throw invalidArrow(`column ${i} has no name`);
    if (seen.has(name)) throw invalidArrow(`column ${show(name)} appears twice`);
    seen.add(name);
    columns.push({ name, node: nodes.length, ...valuesOf(field) });
    addNodes(field, nodes, () => `column ${show(name)}`);
  }
  return { columns, nodes };
}

/** Returns an entry of the schema's metadata. */
export function schemaEntry(schema: Schema, key: string): string | undefined {
  const wanted = Buffer.from(key);
  const count = Math.min(schema.customMetadataLength(), MAX_ENTRIES);
  for (let i = 0; i < count; i++) {
    const entry = schema.customMetadata(i);
    const name = entry?.key(Encoding.UTF8_BYTES) as Uint8Array | null;
    if (!name || !wanted.equals(name)) continue;
    return Buffer.from((entry!.value(Encoding.UTF8_BYTES) as Uint8Array | null) ?? []).toString();
  }
  return undefined;
}

/** The name of a column's type, for messages. */
export function typeNameOf({ typeId }: ArrowColumn): string {
  return (Type[typeId] ?? `type ${typeId}`).replace('_', '');
}

function valuesOf(field: Field): Pick<ArrowColumn, 'type' | 'typeId' | 'dictionary'> {
  const type = arrowType(field);
  const typeId = field.typeType();
  const encoding = field.dictionary();
  if (!encoding) return { type, typeId };
  const indices = intType(encoding.indexType());
  if (!indices) return { type: undefined, typeId };
  return { type, typeId, dictionary: { id: encoding.id(), indices, values: nodeOf(field) } };
}

/** Appends the nodes of a field and of its children. Untrusted fields may be their own children. */
function addNodes(field: Field, nodes: ArrowNode[], place: () => string, depth = 0): void {
  if (nodes.length === MAX_FIELDS) throw invalidArrow(`expected at most ${MAX_FIELDS} fields, nested ones included`);
  if (depth > MAX_DEPTH) throw invalidArrow(`${place()}: expected at most ${MAX_DEPTH} levels of nested fields`);
  if (field.dictionary()) {
    nodes.push({ buffers: 2, isView: false });
    return;
  }
  nodes.push(nodeOf(field));
  for (let i = 0; i < Math.min(field.childrenLength(), MAX_FIELDS); i++) {
    addNodes(field.children(i, new Field())!, nodes, place, depth + 1);
  }
}

const VIEWS: ReadonlySet<number> = new Set([Type.Utf8View, Type.BinaryView]);
/** Types of other than two buffers: validity bitmap and values. */
const BUFFERS = new Map<number, number>([
  ...[Type.Null, Type.RunEndEncoded].map((type): [number, number] => [type, 0]),
  ...[Type.Struct_, Type.FixedSizeList].map((type): [number, number] => [type, 1]),
  ...[Type.Binary, Type.Utf8, Type.LargeBinary, Type.LargeUtf8].map((type): [number, number] => [type, 3]),
  ...[Type.ListView, Type.LargeListView].map((type): [number, number] => [type, 3]),
]);

/** https://arrow.apache.org/docs/format/Columnar.html#buffer-listing-for-each-layout */
function nodeOf(field: Field): ArrowNode {
  const type = field.typeType();
  const isSparse = type === Type.Union && (field.type(new Union()) as Union | null)?.mode() !== UnionMode.Dense;
  return { buffers: isSparse ? 1 : (BUFFERS.get(type) ?? 2), isView: VIEWS.has(type) };
}
