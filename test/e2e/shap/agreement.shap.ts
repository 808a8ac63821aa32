import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRandom } from '../../../src/base/statistics/random.js';
import { codeOfValue } from '../../../src/model/columns/coding.js';
import { drawBackground } from '../../../src/model/explanation/background.js';
import { readVersion } from '../../../src/model/versions/version.js';
import { readBaselineOf } from '../../../src/model/versions/version-baseline.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { buildTestApp } from '../../support/test-app.js';

// Run by test/e2e/shap/run.

const SCRIPT = fileURLToPath(new URL('../../../../test/e2e/shap/agreement.py', import.meta.url));
const HOUSING = join(process.env['CALIFORNIA_DIR'] ?? '../shared/data', 'california-housing.csv');
const PYTHON = process.env['SHAP_PYTHON'];

/** Largest difference of exact contributions, relative to the largest one of the row: both add up float32 predictions. */
const EXACT = 2e-5;
/** Of those by random orders of `shap`, which are not exact. */
const BY_ORDERS = 0.1;
/** Largest difference of estimated contributions, in standard errors: of a few hundred values. */
const ERRORS = 5;

interface Agreement {
  readonly columns: number;
  readonly background: number;
  readonly exact: { readonly relative: number; readonly standard_errors: number };
  readonly permutation: { readonly relative: number };
  readonly base: number;
}

/** Trains a version on a table, and compares the contributions of some rows with those of shap. */
async function compare(t: TestContext, csv: string, targets: string, instances: readonly object[]): Promise<Agreement> {
  const { app, store, service } = await buildTestApp(t, [], { maxRows: 1000 });
  const trained = await app.inject({
    method: 'POST',
    url: `/train?wait=true&epochs=20&target=${targets}`,
    headers: { 'content-type': 'text/csv' },
    payload: csv,
  });
  assert.equal(trained.statusCode, 200, trained.body);
  const { version } = service.serving;
  const reply = await app.inject({ method: 'POST', url: '/predict?explain=true', payload: { instances } });
  assert.equal(reply.statusCode, 200, reply.body);
  const onnx = await app.inject({ url: `/models/${version}/onnx` });
  const files = await store.read(version);
  const { card } = readVersion(files);
  const baseline = Buffer.from(files.get('baseline.json')!).toString();
  const background = drawBackground(card, readBaselineOf(card, baseline));
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'model.onnx'), onnx.rawPayload);
  const { columns = null, features } = card;
  const codes = (instance: object) =>
    features.map((name, j) => {
      const value = (instance as Record<string, unknown>)[name];
      return columns ? codeOfValue(columns[j]!, value) : value;
    });
  const explanations: { contributions: { values: Record<string, number> }[] }[] = reply.json().explanations;
  const width = features.length;
  const content = {
    columns,
    // JSON has null for NaN.
    background: Array.from({ length: background.length / width }, (_, r) =>
      Array.from(background.subarray(r * width, (r + 1) * width)),
    ),
    rows: instances.map(codes),
    contributions: explanations.map(({ contributions }) =>
      contributions.map((each) => ({ ...each, values: Object.values(each.values) })),
    ),
  };
  writeFileSync(join(directory, 'case.json'), JSON.stringify(content));
  const { stdout } = await promisify(execFile)(PYTHON!, [SCRIPT, directory]);
  t.diagnostic(stdout.trim());
  return JSON.parse(stdout);
}

function toCsv(rows: readonly object[]): string {
  return [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))].join('\n');
}

function assertExact({ exact, permutation, base }: Agreement): void {
  assert.ok(exact.relative < EXACT, `exact: ${exact.relative}`);
  assert.ok(permutation.relative < BY_ORDERS, `permutation: ${permutation.relative}`);
  assert.ok(base < 1e-5, `base value: ${base}`);
}

const skip = PYTHON ? false : 'SHAP_PYTHON does not name a Python with shap, onnxruntime and numpy';

test('numbers: California housing', {
  skip: skip || (existsSync(HOUSING) ? false : `${HOUSING} is missing; CALIFORNIA_DIR names its directory`),
}, async (t) => {
  const lines = readFileSync(HOUSING, 'utf8').trim().split('\n');
  const names = lines[0]!.split(',');
  const part = lines.slice(1).filter((_, i) => i % 5 === 0);
  const instances = part.slice(0, 300).flatMap((line, i) => {
    const cells = line.split(',').map(Number);
    return i % 20 === 0 ? [Object.fromEntries(names.slice(0, -1).map((name, j) => [name, cells[j]]))] : [];
  });
  assertExact(await compare(t, [lines[0], ...part].join('\n'), names.at(-1)!, instances));
});

test('texts, dates, booleans and gaps: diamonds, with two targets, one of them learned as its logarithm', {
  skip,
}, async (t) => {
  const random = createRandom(5);
  const rows = Array.from({ length: 3000 }, () => {
    const carat = Math.exp(0.5 * random.normal() - 0.4);
    const [cut, color] = [random.below(5), random.below(7)];
    const sold = new Date(Date.UTC(2023, 0, 1 + random.below(700))).toISOString().slice(0, 10);
    const depth = random.uniform() < 0.1 ? null : 61 + 1.4 * random.normal();
    const price = Math.exp(7.8 + 1.7 * Math.log(carat) + 0.1 * cut - 0.1 * color + 0.1 * random.normal());
    return {
      carat,
      cut: ['Fair', 'Good', 'Very Good', 'Premium', 'Ideal'][cut]!,
      color: 'DEFGHIJ'[color]!,
      certified: random.uniform() < 0.3,
      sold,
      depth,
      price,
      weight: 0.2 * carat + 0.01 * random.normal(),
    };
  });
  const instances: object[] = rows.slice(0, 12).map(({ price: _, weight: __, ...row }) => row);
  instances.push({ ...instances[0]!, color: 'Z', depth: null });
  assertExact(await compare(t, toCsv(rows), 'price,weight', instances));
});

test('a small table: cars', { skip }, async (t) => {
  const csv = readFileSync('data/auto-mpg.csv', 'utf8');
  const [names, ...rows] = csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const instances = rows
    .slice(0, 200)
    .filter((_, i) => i % 20 === 0)
    .map((row) => Object.fromEntries(names!.map((name, j) => [name, Number(row[j])])));
  assertExact(await compare(t, csv, 'mpg', instances));
});

test('estimates, of 12 columns, are within five standard errors', { skip }, async (t) => {
  const random = createRandom(6);
  const rows = Array.from({ length: 2000 }, () => {
    const x = Array.from({ length: 12 }, () => random.normal());
    const y = x[0]! * x[1]! * x[2]! + Math.sin(2 * x[3]!) + x[4]! - x[5]! * x[6]! + 0.1 * random.normal();
    return { ...Object.fromEntries(x.map((value, j) => [`x${j}`, value])), y };
  });
  const { columns, background, exact, base } = await compare(t, toCsv(rows), 'y', rows.slice(0, 5));
  assert.deepEqual([columns, background], [12, 32]);
  assert.ok(exact.standard_errors > 0 && exact.standard_errors < ERRORS, `${exact.standard_errors}`);
  assert.ok(base < 1e-4, `base value: ${base}`);
});
