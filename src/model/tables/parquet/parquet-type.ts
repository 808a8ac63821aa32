import type { ParquetParsers, SchemaElement } from 'hyparquet';
import { DAY } from '../../columns/times.js';
import { type CellKind, decimalToNumber, floorDivided } from '../cells.js';
import { textOfBytes } from '../text-bytes.js';

/** How the values of a column are read. */
export interface ParquetType {
  readonly kind: CellKind;
  /** The element for the library, without what it would convert to other values than are needed here. */
  readonly element: SchemaElement;
  /** Returns the number of a value that is present, as in `Cells`; texts come as they are. */
  readonly number: (value: unknown) => number;
  /** Its values are levels of a category. */
  readonly isCategory?: boolean;
  /** It has no value at all. */
  readonly isEmpty?: boolean;
}

/** Stands for no time in NumPy. */
const NOT_A_TIME = -(2n ** 63n);
/** Bytes of the widest decimal that databases have. */
const MAX_DECIMAL_BYTES = 32;
const INTEGERS = /^U?INT_(8|16|32|64)$/;
const NUMBERS: ReadonlySet<unknown> = new Set(['INT32', 'INT64', 'FLOAT', 'DOUBLE']);

/** What the library makes of values: numbers and texts, no objects. */
export const PARSERS: Partial<ParquetParsers> = {
  stringFromBytes: (bytes: Uint8Array | undefined) => {
    if (!bytes) return undefined;
    const text = textOfBytes(bytes);
    if (text === undefined) throw new Error('a text is not UTF-8');
    return text;
  },
  timestampFromNanoseconds: (time: bigint) => floorDivided(time, 1_000_000n),
};

/**
 * Returns the type of a flat column; undefined for one that is not read. The types are those of
 * https://github.com/apache/parquet-format/blob/master/LogicalTypes.md, in their old form too.
 */
export function parquetType(element: SchemaElement): ParquetType | undefined {
  const { type, converted_type: converted, logical_type: logical, num_children: children } = element;
  if (children || !type || element.repetition_type === 'REPEATED') return undefined;
  const meaning = logical?.type ?? converted;
  if (meaning === 'NULL') return { kind: 'number', element, number: Number, isEmpty: true };
  if (type === 'BOOLEAN') return { kind: 'boolean', element, number: Number };
  if (type === 'INT96') return { kind: 'instant', element, number: Number };
  if (meaning === 'DECIMAL') return decimal(element);
  if (type === 'INT32' && meaning === 'DATE') {
    return { kind: 'instant', element: bare(element), number: (days) => (days as number) * DAY };
  }
  const unit = type === 'INT64' ? timestampUnit(element) : undefined;
  if (unit !== undefined) {
    const number = (time: unknown) => (time === NOT_A_TIME ? Number.NaN : floorDivided((time as bigint) * 1000n, unit));
    return { kind: 'instant', element: bare(element), number };
  }
  if (type === 'BYTE_ARRAY' && (meaning === 'STRING' || meaning === 'UTF8' || meaning === 'ENUM')) {
    const isCategory = meaning === 'ENUM';
    return { kind: 'text', element: { ...bare(element), converted_type: 'UTF8' }, number: Number, isCategory };
  }
  const isFloat16 = type === 'FIXED_LEN_BYTE_ARRAY' && meaning === 'FLOAT16' && element.type_length === 2;
  const isNumber = NUMBERS.has(type) && (meaning === undefined || meaning === 'INTEGER' || INTEGERS.test(meaning));
  return isFloat16 || isNumber ? { kind: 'number', element, number: Number } : undefined;
}

/** What a column that is not read holds, for messages. */
export function typeName({
  type,
  converted_type: converted,
  logical_type: logical,
  ...element
}: SchemaElement): string {
  return logical?.type ?? converted ?? (element.repetition_type === 'REPEATED' ? 'LIST' : (type ?? 'STRUCT'));
}

/** Returns how many of its units a time has in 1000 milliseconds. */
function timestampUnit({ converted_type: converted, logical_type: logical }: SchemaElement): bigint | undefined {
  const unit = logical?.type === 'TIMESTAMP' ? logical.unit : converted?.match(/^TIMESTAMP_(\w+)$/)?.[1];
  return unit === undefined ? undefined : { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n }[unit];
}

function decimal(element: SchemaElement): ParquetType | undefined {
  const { type, logical_type: logical, type_length: length = 0 } = element;
  const scale = (logical?.type === 'DECIMAL' ? logical.scale : element.scale) ?? 0;
  const isArray = type === 'BYTE_ARRAY' || (type === 'FIXED_LEN_BYTE_ARRAY' && length <= MAX_DECIMAL_BYTES);
  if (!isArray && type !== 'INT32' && type !== 'INT64') return undefined;
  const unscaled = (value: unknown) => (isArray ? bigEndian(value as Uint8Array) : BigInt(value as bigint | number));
  return { kind: 'number', element: bare(element), number: (value) => decimalToNumber(unscaled(value), scale) };
}

/** Reads an integer with a sign. */
function bigEndian(bytes: Uint8Array): bigint {
  if (bytes.length > MAX_DECIMAL_BYTES) throw new Error(`a decimal of ${bytes.length} bytes is too long`);
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** Returns the element as if its values meant nothing but themselves. */
function bare({ converted_type: _, logical_type: __, ...element }: SchemaElement): SchemaElement {
  return element;
}
