import { type DomainError, show } from '../../base/domain-error.js';
import { isFloat32 } from '../../model/tables/rows.js';
import { invalidRequest, invalidRows } from './row-list.js';

/** The numeric datatypes of the Open Inference Protocol. */
const DATATYPES: Readonly<Record<string, Datatype>> = {
  BOOL: { bytes: 1, whole: unsigned(1), read: (buffer) => new Uint8Array(buffer).map((byte) => Math.min(byte, 1)) },
  BF16: {
    bytes: 2,
    read: (buffer) => new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
  },
  FP16: { bytes: 2, read: (buffer) => halves(new Uint16Array(buffer)) },
  FP32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  FP64: { bytes: 8, read: (buffer) => new Float64Array(buffer) },
  INT8: { bytes: 1, whole: signed(8), read: (buffer) => new Int8Array(buffer) },
  INT16: { bytes: 2, whole: signed(16), read: (buffer) => new Int16Array(buffer) },
  INT32: { bytes: 4, whole: signed(32), read: (buffer) => new Int32Array(buffer) },
  INT64: { bytes: 8, whole: signed(64), read: (buffer) => longs(buffer, new Int32Array(buffer)) },
  UINT8: { bytes: 1, whole: unsigned(8), read: (buffer) => new Uint8Array(buffer) },
  UINT16: { bytes: 2, whole: unsigned(16), read: (buffer) => new Uint16Array(buffer) },
  UINT32: { bytes: 4, whole: unsigned(32), read: (buffer) => new Uint32Array(buffer) },
  UINT64: { bytes: 8, whole: unsigned(64), read: (buffer) => longs(buffer, new Uint32Array(buffer)) },
};

interface Range {
  readonly min: number;
  readonly max: number;
}

interface Datatype {
  readonly bytes: number;
  /** The range of an integer type. */
  readonly whole?: Range;
  readonly read: (buffer: ArrayBuffer) => ArrayLike<number>;
}

/** The description of a request's tensor: `[rows, columns]`, or `[rows]` for one column. */
export interface TensorShape {
  /** The names of the tensor and of its elements in error messages. */
  readonly place: string;
  readonly elements: string;
  readonly datatype: string;
  readonly rows: number;
  readonly columns: number;
}

/** Returns true if the element `i` of a tensor may be missing. */
type MayMiss = (i: number) => boolean;

/** Returns the bytes of one element. Throws `INVALID_REQUEST` unless the datatype is numeric, or one of `others`. */
export function elementBytes({ place, datatype }: TensorShape, others: readonly string[] = []): number {
  const type = Object.hasOwn(DATATYPES, datatype) ? DATATYPES[datatype] : undefined;
  if (type) return type.bytes;
  throw invalidRequest(
    `${place}.datatype: expected one of ${[...Object.keys(DATATYPES), ...others].join(', ')}, got ${show(datatype)}`,
  );
}

/** Returns the numbers in little-endian bytes, whatever they are. */
export function numbersOf({ buffer, byteOffset, byteLength }: Uint8Array, datatype: string): ArrayLike<number> {
  return DATATYPES[datatype]!.read(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}

/**
 * Reads little-endian, row-major bytes as float32; there must be as many as the shape has. Aligned FP32 is not copied: the
 * result is a view of it. NaN is a missing value. Throws `INVALID_ROWS` for a value that float32 cannot hold.
 */
export function readBytes(bytes: Uint8Array, shape: TensorShape, mayMiss: MayMiss): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const aligned = shape.datatype === 'FP32' && byteOffset % Float32Array.BYTES_PER_ELEMENT === 0;
  const values = aligned
    ? new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT)
    : numbersOf(bytes, shape.datatype);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!isFloat32(value) && !(Number.isNaN(value) && mayMiss(i))) throw notANumber(shape, i, value);
  }
  return values instanceof Float32Array ? values : new Float32Array(values);
}

/** Reads `data`, flat or nested like its shape. Throws `INVALID_ROWS` naming the place. */
export function readData(data: unknown, shape: TensorShape, mayMiss: MayMiss): Float32Array {
  const { place, datatype } = shape;
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw invalidRequest(`${place}: ${datatype} is read only as binary data; JSON has FP32`);
  }
  const { whole } = DATATYPES[datatype]!;
  const elements = elementsOf(data, shape);
  const values = new Float32Array(elements.length);
  for (let i = 0; i < elements.length; i++) {
    const element: unknown = elements[i];
    const value = datatype === 'BOOL' && typeof element === 'boolean' ? Number(element) : element;
    if (isFloat32(value) && (!whole || isWithin(whole, value))) values[i] = value;
    else if (value === null && mayMiss(i)) values[i] = Number.NaN;
    else throw notANumber(shape, i, value);
  }
  return values;
}

/** Returns the elements of `data`, flat or nested like its shape. Throws `INVALID_ROWS` naming the place. */
export function elementsOf(data: unknown, shape: TensorShape): readonly unknown[] {
  const { elements: name, rows, columns } = shape;
  const nested = Array.isArray(data) && Array.isArray(data[0]);
  const elements = nested ? flatten(data, shape) : data;
  if (Array.isArray(elements) && elements.length === rows * columns) return elements;
  const got = Array.isArray(elements) ? `${elements.length}` : show(elements);
  throw invalidRows(`${name}: expected ${rows * columns} elements for its shape, flat or nested, got ${got}`);
}

function flatten(data: readonly unknown[], { elements, rows, columns }: TensorShape): unknown[] {
  if (data.length !== rows) throw invalidRows(`${elements}: expected ${rows} rows for its shape, got ${data.length}`);
  data.forEach((row, i) => {
    if (Array.isArray(row) && row.length === columns) return;
    const got = Array.isArray(row) ? `${row.length}` : show(row);
    throw invalidRows(`${elements}[${i}]: expected ${columns} elements for its shape, got ${got}`);
  });
  return data.flat();
}

function signed(bits: number): Range {
  return { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 };
}

function unsigned(bits: number): Range {
  return { min: 0, max: 2 ** bits - 1 };
}

function isWithin({ min, max }: Range, value: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/** Every number of 16 bits, made when first needed: there may be millions of them in a body. */
let byHalf: Float32Array | undefined;

function halves(bits: Uint16Array): Float32Array {
  byHalf ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => halfToNumber(half));
  const numbers = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) numbers[i] = byHalf[bits[i]!]!;
  return numbers;
}

/** Integers of 64 bits as float64, rounded as Number() rounds a BigInt, which takes ten times as long. `high`: the same words. */
function longs(buffer: ArrayBuffer, high: Int32Array | Uint32Array): Float64Array {
  const low = new Uint32Array(buffer);
  const numbers = new Float64Array(low.length / 2);
  for (let i = 0; i < numbers.length; i++) numbers[i] = high[2 * i + 1]! * 2 ** 32 + low[2 * i]!;
  return numbers;
}

/** Converts IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function notANumber({ elements, datatype, columns }: TensorShape, i: number, value: unknown): DomainError {
  const element = columns === 1 ? `[${i}]` : `[${Math.floor(i / columns)}][${i % columns}]`;
  return invalidRows(`${elements}${element}: expected a finite ${datatype}, got ${show(value)}`);
}
