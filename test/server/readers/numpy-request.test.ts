import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numpyHeader, readNumpyRequest } from '../../../src/server/readers/numpy-request.js';

const MODEL = { features: ['a', 'b'], maxRows: 100, allowMissing: false };

/** An array as numpy.save writes it. */
function array(descr: string, shape: string, numbers: Uint8Array, { fortran = false, version = 1 } = {}): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }\n`;
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY'),
    Buffer.from([version, 0]),
    length,
    Buffer.from(text),
    numbers,
  ]);
}

const bytes = (numbers: ArrayBufferView) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
const bigEndian = (numbers: readonly number[]) => {
  const buffer = Buffer.alloc(8 * numbers.length);
  for (const [i, value] of numbers.entries()) buffer.writeDoubleBE(value, 8 * i);
  return buffer;
};

test('arrays of every type of number, order and version are read', () => {
  const numbers = [1, 2, 3, 4, 5, 6];
  const forms: [string, Buffer][] = [
    ['float32', array('<f4', '(3, 2)', bytes(new Float32Array(numbers)))],
    ['float64', array('<f8', '(3, 2)', bytes(new Float64Array(numbers)))],
    ['float64, big-endian', array('>f8', '(3, 2)', bigEndian(numbers))],
    ['int64', array('<i8', '(3, 2)', bytes(new BigInt64Array(numbers.map(BigInt))))],
    ['uint8', array('|u1', '(3,2)', new Uint8Array(numbers))],
    ['int16, version 2', array('<i2', '(3, 2)', bytes(new Int16Array(numbers)), { version: 2 })],
    ['columns', array('<f4', '(3, 2)', bytes(new Float32Array([1, 3, 5, 2, 4, 6])), { fortran: true })],
  ];
  for (const [about, body] of forms) {
    const { rows, count } = readNumpyRequest(body, MODEL);
    assert.deepEqual([count, Array.from(rows)], [3, numbers], about);
  }
  const { rows, count } = readNumpyRequest(array('<f4', '(2,)', bytes(new Float32Array([1, 2]))), MODEL);
  assert.deepEqual([count, Array.from(rows)], [1, [1, 2]]);
});

test('what is written is read', () => {
  const numbers = new Float32Array([1, 2, 3, 4]);
  const header = numpyHeader(2, 2);
  assert.equal(header.length % 64, 0);
  const { rows } = readNumpyRequest(Buffer.concat([header, bytes(numbers)]), MODEL);
  assert.deepEqual(rows, numbers);
});

test('an array that is none, of other things, of another shape or broken off is refused with the reason', () => {
  const two = bytes(new Float32Array([1, 2]));
  const bodies: [Buffer, RegExp][] = [
    [Buffer.from('[[1, 2]]'), /expected an array in the format of numpy\.save/],
    [Buffer.from([0x93, 0x4e, 0x55]), /format of numpy\.save/],
    [array('<f4', '(1, 2)', two).subarray(0, 40), /expected a header/],
    [array('<c8', '(1, 2)', two), /one of the types .*, got "c8"/],
    [array('<f4', '(1, a)', two), /header of the array cannot be read/],
    [array('|O', '(1, 2)', two), /one of the types .*, got "O"/],
    [array('<f4', '(1, 2)', two.subarray(1)), /expected 8 bytes of numbers, got 7/],
    [array('<f4', '(1000000, 2)', two), /at most 100 rows/],
    [array('<f4', '(2, 1)', two), /shape \[rows, 2\], got \[2, 1\]/],
    [array('<f4', '()', two), /shape \[rows, 2\], got \[\]/],
    [array('<f4', '(0, 2)', Buffer.alloc(0)), /at least one row/],
    [
      array('<f4', '(1, 2)', bytes(new Float32Array([1, Number.NaN]))),
      /body\[0\]\[1\]: expected a finite number, got NaN/,
    ],
  ];
  for (const [body, message] of bodies) assert.throws(() => readNumpyRequest(body, MODEL), { message });
});
