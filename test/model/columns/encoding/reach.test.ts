import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounded, fitRanges, reachOf } from '../../../../src/model/columns/encoding/reach.js';
import { fitEncodings } from '../../../../src/model/columns/fitting/fit-encoding.js';
import { createEncoder } from '../../../../src/model/network/encoder.js';
import { assertClose } from '../../../support/close-to.js';

test('a value counts half a width beyond the range; an overflow or a code counts as it is', () => {
  const reach = reachOf([10, 20]);
  for (const value of [10, 20, 12.5, 5, 25]) assert.equal(bounded(value, reach), value);
  for (const value of [25.1, 100, 10_000]) assert.equal(bounded(value, reach), 25);
  for (const value of [4.9, -100, -9000]) assert.equal(bounded(value, reach), 5);
  for (const value of [10_021, 2 ** 31, 1e38, -10_000]) assert.equal(bounded(value, reach), value);
  assert.ok(Number.isNaN(bounded(Number.NaN, reach)), 'a missing value stays missing');
});

test('a constant column, and one of an earlier version, has no bounds', () => {
  for (const range of [undefined, [3, 3]] as const) assert.equal(bounded(1e30, reachOf(range && [...range])), 1e30);
});

test('ranges are those of the training rows alone, without missing values', () => {
  const values = Float32Array.of(1, 10, Number.NaN, Number.NaN, 3, Number.NaN, 99, -99);
  assert.deepEqual(fitRanges(values, 2, Int32Array.of(0, 1, 2)), [
    [1, 3],
    [10, 10],
  ]);
  assert.deepEqual(fitRanges(values, 2, Int32Array.of(1)), [
    [0, 0],
    [0, 0],
  ]);
});

test('inputs stay bounded, whatever the encoding of the number', () => {
  const rows = 1000;
  const codes = Float32Array.from({ length: rows }, (_, i) => Math.exp(8 * (i / rows)));
  const index = Int32Array.from(codes, (_, i) => i);
  const fit = (features: Float32Array) =>
    fitEncodings(
      [{ name: 'x', type: 'number', missing: 0, range: [0, 60] }],
      { features, targets: codes, outputs: 1 },
      index,
    )[0]!;
  const [power, standard, gaps] = [
    fit(codes),
    fit(codes.map(Math.log)),
    fit(codes.map((code, i) => (i % 9 ? Math.log(code) : Number.NaN))),
  ];
  assert.deepEqual(
    [power, standard, gaps].map(({ encoding }) => encoding.method),
    ['power', 'standard', 'standard'],
  );
  for (const column of [power, standard, gaps]) {
    const { encoding } = column;
    assert.ok('range' in encoding && encoding.range);
    const [min, max] = encoding.range;
    const encoder = createEncoder({ mean: [encoding.mean], scale: [encoding.scale], range: [encoding.range] }, [
      column,
    ]);
    const encode = (code: number) => {
      const inputs = new Float32Array(encoder.inputs);
      encoder.encode(Float32Array.of(code), inputs, 1);
      return inputs;
    };
    const end = max + (max - min) / 2;
    assertClose(encode(max + 900 * (max - min)), encode(end), 1e-5);
    assert.notDeepEqual(encode(max), encode(end));
    assert.notDeepEqual(encode(max + 2000 * (max - min)), encode(end));
    // The error of predicting the mean is that of bounded inputs, too.
    const of = (code: number) => encoder.meanSquare(Float32Array.of(code), 1);
    assertClose([of(max + 900 * (max - min))], [of(end)], 1e-4);
  }
});
