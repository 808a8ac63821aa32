import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import { codeOfInstant, valueOfCode } from '../../../src/model/columns/coding.js';
import type { EncodedColumn } from '../../../src/model/columns/encoding/encoding.js';
import { inputCount } from '../../../src/model/columns/encoding/encoding.js';
import { fitEncodings } from '../../../src/model/columns/fitting/fit-encoding.js';
import { loadEngine } from '../../../src/model/engines/load-engine.js';
import { initialWeights } from '../../../src/model/network/initial-weights.js';
import { Predictor } from '../../../src/model/network/predictor.js';
import { sealCard } from '../../../src/model/versions/card.js';
import { toOnnx } from '../../../src/model/versions/onnx/onnx.js';
import { mixedColumns, mixedRows } from '../../support/mixed-table.js';
import { sampleVersion } from '../../support/sample-version.js';

/** Relative to the value plus one standard deviation. */
const TOLERANCE = 1e-5;
const ROWS = 400;
const NO_TIME = -(2n ** 63n);

const data = mixedRows(ROWS);
const everyRow = Int32Array.from({ length: ROWS }, (_, row) => row);
const standardised = {
  outputs: 1,
  features: data.features,
  targets: data.targets.map((target) => (target - 100) / 20),
};
const fitted = fitEncodings(mixedColumns(), standardised, everyRow);

/** The same columns with other encodings than those that were fitted. */
const variants: Record<string, readonly EncodedColumn[]> = {
  fitted,
  'power transforms': [-2, -0.5, 0, 0.7, 2, 3].map((lambda, i) => ({
    ...mixedColumns()[0]!,
    name: `x${i}`,
    type: 'number',
    range: [-4, 4],
    encoding: {
      method: 'power',
      mean: 0.2,
      scale: 1.1,
      power: { centre: 0.3, width: 1.7, lambda, mean: 0.1, scale: 0.8 },
      gaps: i % 2 ? 0.1 : 0,
    },
  })),
  // Of values from -6 to 6, some are within the range, some are bounded, and some are no measurements.
  'narrow ranges': (['standard', 'power', 'standard'] as const).map((method, i): EncodedColumn => {
    const range: [number, number] = [0.1, 0.1 + [0.004, 1, 0.02][i]!];
    const common = { mean: 0.2, scale: 1.1, gaps: i === 2 ? 0.1 : 0, range };
    const power = { centre: 0.3, width: 1.7, lambda: 0.5, mean: 0.1, scale: 0.8 };
    const encoding = method === 'power' ? { ...common, method, power } : { ...common, method };
    return { name: `x${i}`, type: 'number', missing: 0, range, encoding };
  }),
  'minutes and seconds, all cycles': (['minute', 'second'] as const).map((unit) => ({
    ...mixedColumns()[3]!,
    name: unit,
    type: 'timestamp',
    unit,
    origin: Date.UTC(2020, 0, 1),
    range: [0, 500_000],
    encoding: {
      method: 'calendar',
      trend: { mean: 250_000, scale: 144_000, range: [50_000, 350_000], ...(unit === 'second' && { period: 90_000 }) },
      cycles: (['day', 'week', 'year'] as const).map((period) => ({ period, sin: 0.1, cos: -0.2, scale: 0.7 })),
      gaps: 0.05,
    },
  })),
};

for (const [name, columns] of Object.entries(variants)) {
  for (const logged of [false, true]) {
    test(`ONNX Runtime and the engine agree to 1e-5: ${name}${logged ? ', a target on the log scale' : ''}`, async () => {
      const { predictor, session, shape } = await open(columns, logged);
      const rows = rowsOf(columns);
      const count = rows.length / columns.length;
      const expected = predictor.predict(rows, count);
      const found = await session.run(feeds(columns, rows, count));
      assertNear(found['prediction']!, expected.outputs, logged ? 30 : 20);
      assertNear(found['reconstruction']!, expected.reconstructions.subarray(0, count * shape.inputs), 1);
      assertNear(found['reconstruction_error']!, expected.errors.subarray(0, count), 1);
      predictor.close();
      await session.release();
    });
  }
}

test('a feature may have the name of a part of the model', async () => {
  const named = fitted.map((column, j) => ({
    ...column,
    name: ['prediction', 'hidden_0', 'feature:out', 'ü', ''][j] || 'out',
  }));
  const { session } = await open(named, false);
  assert.deepEqual(
    session.inputNames,
    named.map(({ name }) => `feature:${name}`),
  );
  await session.release();
});

/** An untrained model of these columns, in the engine and in ONNX Runtime. */
async function open(columns: readonly EncodedColumn[], logged: boolean) {
  const createEngine = await loadEngine('kernel');
  const shape = { inputs: inputCount(columns), outputs: 1, hidden: [30, 30], auxiliaryWeight: 0.05 };
  const weights = initialWeights(shape, 3);
  const { card } = sampleVersion();
  const scalers = {
    features: { mean: columns.map(() => 0), scale: columns.map(() => 1) },
    targets: { mean: [100], scale: [20] },
  };
  const sealed = sealCard({
    ...card,
    schema: 1,
    features: columns.map((column) => column.name),
    columns: [...columns],
    ...(logged && { target_transforms: [{ method: 'log1p' as const, mean: 4.5, scale: 0.3 }] }),
    scalers,
    network: { hidden: [...shape.hidden], auxiliary_weight: 0.05 },
    baseline: null,
    files: {},
  });
  const predictor = new Predictor(createEngine(shape, weights), {
    ...scalers,
    columns,
    transforms: sealed.target_transforms,
  });
  const session = await InferenceSession.create(await toOnnx('m', 1, { card: sealed, shape, weights }));
  return { predictor, session, shape };
}

/** Rows with every kind of code: those of the table, a new level, and gaps. */
function rowsOf(columns: readonly EncodedColumn[]): Float32Array {
  const width = columns.length;
  return Float32Array.from({ length: ROWS * width }, (_, at) => {
    const row = Math.floor(at / width);
    const j = at % width;
    const column = columns[j]!;
    if (row % 17 === j) return Number.NaN;
    if (column.type === 'category' && row % 13 === j) return column.levels.length;
    if (columns === fitted) return data.features[at]!;
    return column.type === 'timestamp' ? 1000 * row + 37 : 6 * Math.sin(row);
  });
}

function feeds(columns: readonly EncodedColumn[], rows: Float32Array, count: number): Record<string, Tensor> {
  const tensor = (column: EncodedColumn, j: number): Tensor => {
    const codes = Array.from({ length: count }, (_, row) => rows[row * columns.length + j]!);
    switch (column.type) {
      case 'category': {
        const texts = codes.map((code) => (Number.isNaN(code) ? '' : (column.levels[code] ?? 'never seen')));
        return new Tensor('string', texts, [count, 1]);
      }
      case 'timestamp': {
        const times = codes.map((code) => {
          if (Number.isNaN(code)) return NO_TIME;
          const time = Date.parse(String(valueOfCode(column, code)));
          // Any time within the unit has the same code.
          assert.equal(codeOfInstant(column, time + 999), code);
          return BigInt(time + 999);
        });
        return new Tensor('int64', BigInt64Array.from(times), [count, 1]);
      }
      default:
        return new Tensor('float32', Float32Array.from(codes), [count, 1]);
    }
  };
  return Object.fromEntries(columns.map((column, j) => [column.name, tensor(column, j)]));
}

function assertNear({ data: found }: { data: unknown }, expected: Float32Array, unit: number): void {
  const values = found as Float32Array;
  assert.equal(values.length, expected.length);
  expected.forEach((value, i) => {
    const allowed = TOLERANCE * (Math.abs(value) + unit);
    assert.ok(Math.abs(values[i]! - value) <= allowed, `[${i}]: ${values[i]} is not within ${allowed} of ${value}`);
  });
}
