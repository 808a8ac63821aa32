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

const HALF: ArrowType = {
  width: 2,
  decode: (bytes) => Float64Array.from(new Uint16Array(bytes), uint16ToFloat64),
};
const FLOATS = new Map<number, ArrowType>([
  [Precision.HALF, HALF],
  [Precision.SINGLE, { width: 4, decode: (bytes) => new Float32Array(bytes) }],
  [Precision.DOUBLE, { width: 8, decode: (bytes) => new Float64Array(bytes) }],
]);
const SIGNED = new Map<number, ArrowType>([
  [8, { width: 1, decode: (bytes) => new Int8Array(bytes) }],
  [16, { width: 2, decode: (bytes) => new Int16Array(bytes) }],
  [32, { width: 4, decode: (bytes) => new Int32Array(bytes) }],
  [64, { width: 8, decode: (bytes) => new BigInt64Array(bytes) }],
]);
const UNSIGNED = new Map<number, ArrowType>([
  [8, { width: 1, decode: (bytes) => new Uint8Array(bytes) }],
  [16, { width: 2, decode: (bytes) => new Uint16Array(bytes) }],
  [32, { width: 4, decode: (bytes) => new Uint32Array(bytes) }],
  [64, { width: 8, decode: (bytes) => new BigUint64Array(bytes) }],
]);

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
