import { DomainError, show } from '../../base/domain-error.js';
import { mayMiss } from '../../model/tables/row-model.js';
import { checkCount, isFloat32, type Rows } from '../../model/tables/rows.js';
import { invalidRows, type RowModel, requireNumeric } from './row-list.js';

// The format of NumPy's files: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** Bytes before the header: magic, version, and the length of the header, which has two bytes in version 1 and four later. */
const PREFIX = 10;
const LONG_PREFIX = 12;
/** Numbers begin at a multiple of this, in bytes. */
const ALIGNMENT = 64;
/** Maximum length of a header, in bytes. That of two dimensions has about 80. */
const MAX_HEADER = 1024;

type Read = (view: DataView, at: number, isLittle: boolean) => number;

/** Readers of a number by the type in the header, without its byte order, and the bytes that one takes. */
const TYPES: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  f4: [4, (view, at, isLittle) => view.getFloat32(at, isLittle)],
  f8: [8, (view, at, isLittle) => view.getFloat64(at, isLittle)],
  i1: [1, (view, at) => view.getInt8(at)],
  i2: [2, (view, at, isLittle) => view.getInt16(at, isLittle)],
  i4: [4, (view, at, isLittle) => view.getInt32(at, isLittle)],
  i8: [8, (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))],
  u1: [1, (view, at) => view.getUint8(at)],
  u2: [2, (view, at, isLittle) => view.getUint16(at, isLittle)],
  u4: [4, (view, at, isLittle) => view.getUint32(at, isLittle)],
  u8: [8, (view, at, isLittle) => Number(view.getBigUint64(at, isLittle))],
  b1: [1, (view, at) => view.getUint8(at)],
};

/**
 * Reads an array as `numpy.save` writes it: `[rows, features]` or `[features]`, of floating-point numbers, integers or booleans, in
 * the order of C or Fortran. Throws `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readNumpyRequest(body: Buffer, model: RowModel): Rows {
  requireNumeric(model, 'body', 'send JSON or CSV');
  const { features, maxRows } = model;
  const { length: width } = features;
  const { type, isLittle, isFortran, shape, start } = readHeader(body);
  const [bytes, read] = TYPES[type]!;
  const [count, columns] = shape.length === 1 ? [width === 1 ? shape[0]! : 1, width === 1 ? 1 : shape[0]!] : shape;
  if (shape.length < 1 || shape.length > 2 || columns !== width) {
    throw invalidRows(`body: expected an array of shape [rows, ${width}], got [${shape.join(', ')}]`);
  }
  checkCount(count!, 'body', maxRows);
  const expected = count! * width * bytes;
  if (body.length - start !== expected) {
    throw invalidRows(`body: expected ${expected} bytes of numbers, got ${body.length - start}`);
  }
  const view = new DataView(body.buffer, body.byteOffset + start, expected);
  const rows = new Float32Array(count! * width);
  for (let i = 0; i < count!; i++) {
    for (let j = 0; j < width; j++) {
      const place = isFortran ? j * count! + i : i * width + j;
      const value = read(view, place * bytes, isLittle);
      if (!isFloat32(value) && !(Number.isNaN(value) && mayMiss(model, j))) {
        throw invalidRows(`body[${i}][${j}]: expected a finite number, got ${value}`);
      }
      rows[i * width + j] = value;
    }
  }
  return { rows, count: count! };
}

/** Returns what is before the float32 numbers of an array `[rows, columns]`. */
export function numpyHeader(rows: number, columns: number): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const length = Math.ceil((PREFIX + text.length + 1) / ALIGNMENT) * ALIGNMENT - PREFIX;
  const header = Buffer.alloc(PREFIX + length, ' ');
  MAGIC.copy(header);
  header.writeUInt8(1, MAGIC.length);
  header.writeUInt8(0, MAGIC.length + 1);
  header.writeUInt16LE(length, PREFIX - 2);
  header.write(text, PREFIX, 'latin1');
  header.write('\n', PREFIX + length - 1);
  return header;
}

function readHeader(body: Buffer) {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC) || body.length < LONG_PREFIX) {
    throw new DomainError('INVALID_REQUEST', 'body: expected an array in the format of numpy.save');
  }
  const isFirst = body[MAGIC.length] === 1;
  const from = isFirst ? PREFIX : LONG_PREFIX;
  const length = isFirst ? body.readUInt16LE(PREFIX - 2) : body.readUInt32LE(PREFIX - 2);
  if (length > MAX_HEADER || from + length > body.length) {
    throw new DomainError('INVALID_REQUEST', `body: expected a header of at most ${MAX_HEADER} bytes, got ${length}`);
  }
  const text = body.toString('latin1', from, from + length);
  const [, order, type] = /'descr':\s*'([<>|=]?)([a-zA-Z]\d*)'/.exec(text) ?? [];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (type === undefined || fortran === undefined || shape === undefined) {
    throw new DomainError('INVALID_REQUEST', `body: the header of the array cannot be read: ${show(text.trim())}`);
  }
  if (!Object.hasOwn(TYPES, type)) {
    const known = Object.keys(TYPES).join(', ');
    throw new DomainError('INVALID_REQUEST', `body: expected numbers of one of the types ${known}, got ${show(type)}`);
  }
  return {
    type,
    isLittle: order !== '>',
    isFortran: fortran === 'True',
    shape: shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)])),
    start: from + length,
  };
}
