import { Date as DateType } from 'apache-arrow/fb/date';
import { DateUnit } from 'apache-arrow/fb/date-unit';
import { Decimal } from 'apache-arrow/fb/decimal';
import type { Field } from 'apache-arrow/fb/field';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { Int } from 'apache-arrow/fb/int';
import { Precision } from 'apache-arrow/fb/precision';
import { TimeUnit } from 'apache-arrow/fb/time-unit';
import { Timestamp } from 'apache-arrow/fb/timestamp';
import { Type } from 'apache-arrow/fb/type';
import { uint16ToFloat64 } from 'apache-arrow/util/math';
import { DAY } from '../../columns/times.js';
import type { Bytes } from '../byte-source.js';
import { type CellKind, type Cells, decimalToNumber, floorDivided } from '../cells.js';
import { OFFSETS_32, OFFSETS_64, readTexts, readViews, VIEW_BYTES } from './arrow-text.js';

/** A type whose values can be read. */
export interface ArrowType {
  readonly kind: CellKind;
  /** Returns the bytes that each buffer after the validity bitmap has at least for `rows` values. */
  readonly sizes: (rows: number) => readonly number[];
  /** Reads the values `from` up to `to`, whether or not they are null. Throws `INVALID_ARROW` with the place. */
  readonly read: (buffers: readonly Bytes[], from: number, to: number, place: () => string) => Cells;
}

type Decode = (bytes: ArrayBuffer) => Float64Array;

/** As many values take no longer one by one than in a copy of their memory. */
const FEW = 16;
/** Stands for no time in NumPy, whose writers do not always mark it as null. */
const NOT_A_TIME = -(2n ** 63n);

const SIGNED = new Map([
  [
    8,
    numbers(
      1,
      (bytes) => new Float64Array(new Int8Array(bytes)),
      (view, at) => view.getInt8(at),
    ),
  ],
  [
    16,
    numbers(
      2,
      (bytes) => new Float64Array(new Int16Array(bytes)),
      (view, at) => view.getInt16(at, true),
    ),
  ],
  [
    32,
    numbers(
      4,
      (bytes) => new Float64Array(new Int32Array(bytes)),
      (view, at) => view.getInt32(at, true),
    ),
  ],
  [
    64,
    numbers(
      8,
      (bytes) => Float64Array.from(new BigInt64Array(bytes), Number),
      (view, at) => Number(view.getBigInt64(at, true)),
    ),
  ],
]);
const UNSIGNED = new Map([
  [
    8,
    numbers(
      1,
      (bytes) => new Float64Array(new Uint8Array(bytes)),
      (view, at) => view.getUint8(at),
    ),
  ],
  [
    16,
    numbers(
      2,
      (bytes) => new Float64Array(new Uint16Array(bytes)),
      (view, at) => view.getUint16(at, true),
    ),
  ],
  [
    32,
    numbers(
      4,
      (bytes) => new Float64Array(new Uint32Array(bytes)),
      (view, at) => view.getUint32(at, true),
    ),
  ],
  [
    64,
    numbers(
      8,
      (bytes) => Float64Array.from(new BigUint64Array(bytes), Number),
      (view, at) => Number(view.getBigUint64(at, true)),
    ),
  ],
]);
const FLOATS = new Map<number, ArrowType>([
  [Precision.HALF, fixed('number', 2, (bytes) => Float64Array.from(new Uint16Array(bytes), uint16ToFloat64))],
  [
    Precision.SINGLE,
    numbers(
      4,
      (bytes) => new Float64Array(new Float32Array(bytes)),
      (view, at) => view.getFloat32(at, true),
    ),
  ],
  [
    Precision.DOUBLE,
    numbers(
      8,
      (bytes) => new Float64Array(bytes),
      (view, at) => view.getFloat64(at, true),
    ),
  ],
]);
const DATES = new Map<number, ArrowType>([
  [DateUnit.DAY, fixed('instant', 4, (bytes) => Float64Array.from(new Int32Array(bytes), (days) => days * DAY))],
  [DateUnit.MILLISECOND, instants((time) => Number(time))],
]);
const TIMESTAMPS = new Map<number, ArrowType>([
  [TimeUnit.SECOND, instants((time) => 1000 * Number(time))],
  [TimeUnit.MILLISECOND, instants((time) => Number(time))],
  [TimeUnit.MICROSECOND, instants((time) => floorDivided(time, 1000n))],
  [TimeUnit.NANOSECOND, instants((time) => floorDivided(time, 1_000_000n))],
]);

const BOOLEANS: ArrowType = {
  kind: 'boolean',
  sizes: (rows) => [Math.ceil(rows / 8)],
  read: ([bits], from, to) => {
    const first = from >> 3;
    const bytes = bits!.read(first, (to + 7) >> 3);
    const values = new Float64Array(to - from);
    for (let row = from; row < to; row++) values[row - from] = (bytes[(row >> 3) - first]! >> (row & 7)) & 1;
    return { values };
  },
};
const NOTHING: ArrowType = {
  kind: 'number',
  sizes: () => [],
  read: (_, from, to) => ({ values: new Float64Array(to - from).fill(Number.NaN) }),
};
const TEXTS: ArrowType = {
  kind: 'text',
  sizes: (rows) => [rows === 0 ? 0 : 4 * (rows + 1), 0],
  read: ([offsets, data], from, to, place) => readTexts(offsets!, data!, OFFSETS_32, from, to, place),
};
const LARGE_TEXTS: ArrowType = {
  kind: 'text',
  sizes: (rows) => [rows === 0 ? 0 : 8 * (rows + 1), 0],
  read: ([offsets, data], from, to, place) => readTexts(offsets!, data!, OFFSETS_64, from, to, place),
};
const TEXT_VIEWS: ArrowType = {
  kind: 'text',
  sizes: (rows) => [VIEW_BYTES * rows],
  read: ([views, ...data], from, to, place) => readViews(views!, data, from, to, place),
};

/** Returns the type of a field's values, those of its dictionary if it has one. Undefined for one that is not read. */
export function arrowType(field: Field): ArrowType | undefined {
  switch (field.typeType()) {
    case Type.Null:
      return NOTHING;
    case Type.Int:
      return intType(field.type(new Int()) as Int | null);
    case Type.FloatingPoint:
      return FLOATS.get((field.type(new FloatingPoint()) as FloatingPoint | null)?.precision() ?? -1);
    case Type.Bool:
      return BOOLEANS;
    case Type.Decimal:
      return decimalType(field.type(new Decimal()) as Decimal | null);
    case Type.Date:
      return DATES.get((field.type(new DateType()) as DateType | null)?.unit() ?? -1);
    case Type.Timestamp:
      return TIMESTAMPS.get((field.type(new Timestamp()) as Timestamp | null)?.unit() ?? -1);
    case Type.Utf8:
      return TEXTS;
    case Type.LargeUtf8:
      return LARGE_TEXTS;
    case Type.Utf8View:
      return TEXT_VIEWS;
    default:
      return undefined;
  }
}

/** Returns the type of integers. Without a definition they are the indices of a dictionary: 32 bits with a sign. */
export function intType(int: Int | null): ArrowType | undefined {
  return int ? (int.isSigned() ? SIGNED : UNSIGNED).get(int.bitWidth()) : SIGNED.get(32);
}

function decimalType(decimal: Decimal | null): ArrowType | undefined {
  const bits = decimal?.bitWidth() ?? 0;
  if (![32, 64, 128, 256].includes(bits)) return undefined;
  const scale = decimal!.scale();
  return fixed('number', bits / 8, (bytes) => {
    const view = new DataView(bytes);
    const values = new Float64Array((8 * bytes.byteLength) / bits);
    for (let i = 0; i < values.length; i++) values[i] = decimalToNumber(integerAt(view, (i * bits) / 8, bits), scale);
    return values;
  });
}

/** Reads a little-endian integer with a sign. */
function integerAt(view: DataView, at: number, bits: number): bigint {
  if (bits === 32) return BigInt(view.getInt32(at, true));
  const words = bits / 64;
  let integer = view.getBigInt64(at + 8 * (words - 1), true);
  for (let word = words - 2; word >= 0; word--) integer = (integer << 64n) | view.getBigUint64(at + 8 * word, true);
  return integer;
}

function instants(milliseconds: (time: bigint) => number): ArrowType {
  return fixed('instant', 8, (bytes) =>
    Float64Array.from(new BigInt64Array(bytes), (time) => (time === NOT_A_TIME ? Number.NaN : milliseconds(time))),
  );
}

/** Returns bytes in memory of their own, where values are aligned and may be changed: those of a file are read into such memory. */
function aligned(raw: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = raw;
  if (byteLength === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

/** A type whose values have `width` bytes each. `decode` gets them aligned to eight. */
function fixed(kind: 'number' | 'instant', width: number, decode: Decode): ArrowType {
  return {
    kind,
    sizes: (rows) => [width * rows],
    read: ([buffer], from, to) => {
      const raw = buffer!.read(from * width, to * width);
      return { values: decode(aligned(raw)) };
    },
  };
}

/** As `fixed`. `one` reads a value: of few values each is faster than memory of their own. */
function numbers(width: number, decode: Decode, one: (view: DataView, at: number) => number): ArrowType {
  const type = fixed('number', width, decode);
  return {
    ...type,
    read: (buffers, from, to, place) => {
      const count = to - from;
      if (count > FEW) return type.read(buffers, from, to, place);
      const { buffer, byteOffset, byteLength } = buffers[0]!.read(from * width, to * width);
      const view = new DataView(buffer, byteOffset, byteLength);
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = one(view, i * width);
      return { values };
    },
  };
}
