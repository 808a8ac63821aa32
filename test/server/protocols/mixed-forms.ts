import { createRandom } from '../../../src/base/statistics/random.js';
import { codeOfValue, valueOfCode } from '../../../src/model/columns/coding.js';
import { MIXED_COLUMNS, MIXED_FEATURES } from '../../support/mixed-app.js';
import type { WireForm } from './wire-forms.js';

type Value = number | string | boolean | null;
type Form = Pick<WireForm, 'name' | 'url' | 'headers' | 'body'>;

const JSON_TYPE = { 'content-type': 'application/json' };
const CSV = { 'content-type': 'text/csv' };
const LINES = { 'content-type': 'application/jsonlines' };
const V2 = '/v2/models/test/infer';
const TF = '/v1/models/test:predict';

/** Draws rows for the mixed model: known levels and new ones, in letters that are not ASCII too, and gaps where it takes them. */
export function mixedRows(count: number, seed = count): Value[][] {
  const random = createRandom(seed);
  const colors = ['red', 'green', 'blue', 'violet, or "púrpura"', '紫'];
  return Array.from({ length: count }, () => [
    Math.fround(random.normal()),
    colors[random.below(colors.length)]!,
    random.below(2) === 1,
    valueOfCode(MIXED_COLUMNS[3]!, random.below(1000)) as string,
    random.uniform() < 0.2 ? null : Math.fround(random.normal()),
  ]);
}

/** The codes of rows, `[rows, features]`. */
export function codesOf(rows: readonly Value[][]): Float32Array {
  return Float32Array.from(
    rows.flatMap((row) => row.map((value, j) => codeOfValue(MIXED_COLUMNS[j]!, value) as number)),
  );
}

/** The ways to say rows of the mixed model in every contract, and in every format that has texts. */
export function mixedForms(rows: readonly Value[][]): readonly Form[] {
  const names = MIXED_FEATURES;
  const named = rows.map((row) => Object.fromEntries(names.map((name, j) => [name, row[j]])));
  const columns = Object.fromEntries(names.map((name, j) => [name, rows.map((row) => row[j])]));
  const csv = rows.map((row) => row.map(cell).join(',')).join('\n');
  const datatypes = ['FP64', 'BYTES', 'BOOL', 'BYTES', 'FP32'];
  const inputs = names.map((name, j) => ({ name, shape: [rows.length], datatype: datatypes[j], data: columns[name] }));
  return [
    form('native, rows', '/predict', { instances: rows }),
    form('native, named rows', '/predict', named),
    form('native, CSV', '/predict', `${names.join(',')}\n${csv}`, CSV),
    form('TensorFlow Serving, rows', TF, { instances: rows }),
    form('TensorFlow Serving, named rows', TF, { instances: named }),
    form('TensorFlow Serving, columns', TF, { inputs: columns }),
    form('TensorFlow Serving, regress', '/v1/models/test:regress', { examples: named }),
    form('Open Inference', V2, { inputs }),
    binary(rows),
    form('MLflow, split', '/invocations', {
      dataframe_split: { columns: names.toReversed(), data: rows.map((row) => row.toReversed()) },
    }),
    form('MLflow, records', '/invocations', { dataframe_records: named }),
    form('MLflow, columns', '/invocations', { inputs: columns }),
    form('SageMaker, CSV', '/invocations', csv, { ...CSV, accept: 'application/json' }),
    form('SageMaker, JSON Lines', '/invocations', rows.map((row) => JSON.stringify(row)).join('\n'), {
      ...LINES,
      accept: 'application/json',
    }),
    form('Vertex AI', '/vertex:predict', { instances: named }),
  ];
}

/** The predictions in a reply of any contract. */
export function predictionsIn(reply: string): Float32Array {
  const { predictions, outputs, results } = JSON.parse(reply);
  return Float32Array.from((predictions ?? results ?? outputs[0].data ?? outputs).flat());
}

function cell(value: Value): string {
  return typeof value === 'string' && /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value ?? '');
}

function binary(rows: readonly Value[][]): Form {
  const texts = (j: number) =>
    Buffer.concat(
      rows.flatMap((row) => {
        const text = Buffer.from(row[j] as string);
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  const blobs = [
    Buffer.from(Float32Array.from(rows, (row) => row[0] as number).buffer),
    texts(1),
    Buffer.from(rows.map((row) => Number(row[2]))),
    texts(3),
    Buffer.from(Float32Array.from(rows, (row) => (row[4] as number | null) ?? Number.NaN).buffer),
  ];
  const datatypes = ['FP32', 'BYTES', 'BOOL', 'BYTES', 'FP32'];
  const inputs = MIXED_FEATURES.map((name, j) => ({
    name,
    shape: [rows.length, 1],
    datatype: datatypes[j],
    parameters: { binary_data_size: blobs[j]!.length },
  }));
  const header = Buffer.from(JSON.stringify({ inputs }));
  const headers = { 'inference-header-content-length': String(header.length) };
  return form('Open Inference, binary', V2, Buffer.concat([header, ...blobs]), headers);
}

function form(name: string, url: string, body: unknown, headers: Readonly<Record<string, string>> = JSON_TYPE): Form {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const accept = url === '/predict' ? { accept: 'application/json' } : {};
  return { name, url, headers: { ...headers, ...accept }, body: bytes };
}
