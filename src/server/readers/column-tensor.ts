import { DomainError, show } from '../../base/domain-error.js';
import { codeValue, type RowModel } from '../../model/tables/row-model.js';
import { invalidRows } from './row-list.js';
import { elementBytes, elementsOf, numbersOf, type TensorShape } from './tensor.js';

/** The datatype beside the numeric ones, for features that are no numbers. */
const OTHERS = ['BYTES'];
/** In binary data, every element of BYTES follows its length as a little-endian uint32. */
export const LENGTH_BYTES = 4;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Returns the bytes of one element, undefined for BYTES, which may have any length. Throws `INVALID_REQUEST`. */
export function codedElementBytes(shape: TensorShape): number | undefined {
  if (shape.datatype === 'BYTES') return undefined;
  return elementBytes(shape, OTHERS);
}

/**
 * Reads the tensor of a feature that is no number, `[rows]`, from the JSON or from `bytes`: texts as BYTES, truth values as BOOL, and
 * numbers that are levels of a category. Returns `[rows]` codes. Throws `INVALID_ROWS` naming the place.
 */
export function readColumnTensor(
  data: unknown,
  bytes: Uint8Array | undefined,
  shape: TensorShape,
  model: RowModel,
  feature: number,
): Float32Array {
  const { elements: place, datatype, rows } = shape;
  const elements = bytes ? elementsIn(bytes, shape) : elementsOf(data, shape);
  const type = datatype === 'BYTES' ? 'string' : datatype === 'BOOL' ? 'boolean' : 'number';
  const codes = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const value = elements[i];
    const is = typeof value;
    if (value !== null && is !== type) {
      throw invalidRows(`${place}[${i}]: expected an element of ${datatype}, got ${show(value)}`);
    }
    codes[i] = codeValue(model, feature, value, () => `${place}[${i}]`, false);
  }
  return codes;
}

function elementsIn(bytes: Uint8Array, shape: TensorShape): ArrayLike<unknown> {
  if (shape.datatype === 'BYTES') return textsIn(bytes, shape);
  return shape.datatype === 'BOOL' ? Array.from(bytes, Boolean) : numbersOf(bytes, shape.datatype);
}

function textsIn(bytes: Uint8Array, { elements: place, rows }: TensorShape): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  for (let i = 0; i < rows; i++) {
    const left = bytes.length - at;
    const length = left < LENGTH_BYTES ? undefined : view.getUint32(at, true);
    if (length === undefined || length > left - LENGTH_BYTES) {
      const wanted = length === undefined ? 'its length' : `${length} bytes`;
      throw invalidRows(`${place}[${i}]: expected ${wanted}, got the end of the binary data`);
    }
    at += LENGTH_BYTES;
    try {
      texts.push(utf8.decode(bytes.subarray(at, at + length)));
    } catch (cause) {
      throw new DomainError('INVALID_ROWS', `${place}[${i}]: expected UTF-8, got other bytes`, { cause });
    }
    at += length;
  }
  if (at < bytes.length) throw invalidRows(`${place}: ${bytes.length - at} bytes follow the last element`);
  return texts;
}
