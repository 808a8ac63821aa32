import type { Field } from 'apache-arrow/fb/field';
import { FloatingPoint } from 'apache-arrow/fb/floating-point';
import { Int } from 'apache-arrow/fb/int';
import { Precision } from 'apache-arrow/fb/precision';
import { Type } from 'apache-arrow/fb/type';
import { uint16ToFloat64 } from 'apache-arrow/util/math';

/** A numeric type. */
export interface ArrowType {
  /** Bytes per value. */
  readonly width: number;
  /** Decodes little-endian values. The bytes must be aligned to eight. */
  readonly decode: (bytes: ArrayBuffer) => ArrayLike<number> | BigInt64Array | BigUint64Array;
}

const FLOATS = new Map<number, ArrowType>([
  [Precision.HALF, { width: 2, decode: (bytes) => Float64Array.from(new Uint16Array(bytes), uint16ToFloat64) }],
  [Precision.SINGLE, typeOf(Float32Array)],
  [Precision.DOUBLE, typeOf(Float64Array)],
]);
const SIGNED = integers(Int8Array, Int16Array, Int32Array, BigInt64Array);
const UNSIGNED = integers(Uint8Array, Uint16Array, Uint32Array, BigUint64Array);

type NumericArray = {
  readonly BYTES_PER_ELEMENT: number;
  new (bytes: ArrayBuffer): ReturnType<ArrowType['decode']>;
};

function typeOf(Numbers: NumericArray): ArrowType {
  return { width: Numbers.BYTES_PER_ELEMENT, decode: (bytes) => new Numbers(bytes) };
}

/** Returns the integer types by their number of bits. */
function integers(...arrays: readonly NumericArray[]): Map<number, ArrowType> {
  return new Map(arrays.map((Numbers) => [8 * Numbers.BYTES_PER_ELEMENT, typeOf(Numbers)]));
}

/** Returns the type of a numeric field, or a description of what the field holds instead. */
export function arrowType(field: Field): ArrowType | string {
  const type = field.typeType();
  const name = (Type[type] ?? `type ${type}`).replace('_', '');
  if (field.dictionary()) return 'a dictionary';
  if (type === Type.Int) {
    const int = field.type(new Int()) as Int | null;
    return (int && (int.isSigned() ? SIGNED : UNSIGNED).get(int.bitWidth())) ?? name;
  }
  if (type === Type.FloatingPoint) {
    const float = field.type(new FloatingPoint()) as FloatingPoint | null;
    return (float && FLOATS.get(float.precision())) ?? name;
  }
  return name;
}
