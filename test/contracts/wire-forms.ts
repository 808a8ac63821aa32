import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';

/** A request to predict rows, and how to read the predictions from its reply. */
export interface WireForm {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly read: (reply: Buffer, headers: Readonly<Record<string, unknown>>) => readonly number[];
}

type Rows = readonly (readonly number[])[];

const JSON_TYPE = { 'content-type': 'application/json' };
const ARROW = 'application/vnd.apache.arrow.stream';
const HEADER = 'inference-header-content-length';

/** The ways to say `rows` in every contract and format, for a model called `test` with one target. */
export function wireForms(features: readonly string[], rows: Rows): readonly WireForm[] {
  const named = rows.map((row) => Object.fromEntries(features.map((name, j) => [name, row[j]])));
  const columns = Object.fromEntries(features.map((name, j) => [name, rows.map((row) => row[j])]));
  const reversed = features.toReversed();
  const csv = rows.map((row) => row.join(','));
  const infer = (inputs: unknown, more: object = {}) => JSON.stringify({ ...more, inputs });
  const tensor = { name: 'inputs', shape: [rows.length, features.length], datatype: 'FP32' };
  const binary = (datatype: string, blob: Buffer) =>
    infer([{ ...tensor, datatype, parameters: { binary_data_size: blob.length } }], {
      parameters: { binary_data_output: true },
    });
  const floats = Buffer.from(Float32Array.from(rows.flat()).buffer);
  const doubles = Buffer.from(Float64Array.from(rows.flat()).buffer);
  const predictions = json((reply) => (reply['predictions'] as number[][]).flat());
  const outputs = json((reply) => (reply['outputs'] as number[][]).flat());
  const data = json((reply) => (reply['outputs'] as { data: number[] }[])[0]!.data);
  const form = (name: string, url: string, body: unknown, read: WireForm['read'], headers: object = JSON_TYPE) => ({
    name,
    url,
    headers: { ...headers },
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    read,
  });
  const tfs = '/v1/models/test:predict';
  const v2 = '/v2/models/test/infer';
  const behind = (header: string, blob: Buffer) => Buffer.concat([Buffer.from(header), blob]);
  const binaryForm = (name: string, datatype: string, blob: Buffer, type?: string) => {
    const header = binary(datatype, blob);
    const length = Buffer.byteLength(header);
    const headers = type ? { 'content-type': `${type};json-header-size=${length}` } : { [HEADER]: String(length) };
    return form(name, v2, behind(header, blob), binaryTensor, headers);
  };
  return [
    form('native, named rows', '/predict', { instances: named }, predictions),
    form('native, CSV both ways', '/predict', [features.join(','), ...csv].join('\n'), csvTable, {
      'content-type': 'text/csv',
      accept: 'text/csv',
    }),
    form('native, Arrow both ways', '/predict', arrow(columns), arrowTable, { 'content-type': ARROW, accept: ARROW }),
    form('TensorFlow Serving, rows', tfs, { instances: rows }, predictions, {}),
    form('TensorFlow Serving, rows with a signature', tfs, { signature_name: '', instances: rows }, predictions),
    form('TensorFlow Serving, rows by input', tfs, { instances: rows.map((inputs) => ({ inputs })) }, predictions),
    form('TensorFlow Serving, named rows', tfs, { instances: named }, predictions),
    form('TensorFlow Serving, columnar', tfs, { inputs: rows }, outputs),
    form('TensorFlow Serving, columns', tfs, { inputs: columns }, outputs),
    form(
      'TensorFlow Serving, regress',
      '/v1/models/test:regress',
      { examples: named },
      json((reply) => reply['results'] as number[]),
    ),
    form('Open Inference, flat', v2, infer([{ ...tensor, data: rows.flat() }]), data),
    form('Open Inference, nested FP64', v2, infer([{ ...tensor, datatype: 'FP64', data: rows }]), data),
    form(
      'Open Inference, an input for each feature',
      v2,
      infer(reversed.map((name) => ({ name, shape: [rows.length], datatype: 'FP32', data: columns[name] }))),
      data,
    ),
    binaryForm('Open Inference, binary', 'FP32', floats),
    binaryForm('Open Inference, binary FP64', 'FP64', doubles),
    binaryForm("Open Inference, Vertex AI's type", 'FP32', floats, 'application/vnd.vertex-ai-triton.binary+json'),
    form('Open Inference, raw', v2, floats, binaryTensor, { [HEADER]: '0' }),
    form('MLflow, split', '/invocations', { dataframe_split: { columns: features, data: rows } }, predictions),
    form(
      'MLflow, split in another order',
      '/invocations',
      { dataframe_split: { columns: reversed, data: rows.map((row) => row.toReversed()) } },
      predictions,
    ),
    form('MLflow, records', '/invocations', { dataframe_records: named }, predictions),
    form('MLflow, instances', '/invocations', { instances: rows }, predictions),
    form('MLflow, inputs', '/invocations', { inputs: rows }, predictions),
    form('MLflow, columns', '/invocations', { inputs: columns }, predictions),
    form('MLflow, CSV', '/invocations', [features.join(','), ...csv].join('\n'), predictions, {
      'content-type': 'text/csv',
    }),
    form('SageMaker, CSV both ways', '/invocations', csv.join('\n'), lines, {
      'content-type': 'text/csv',
      accept: 'text/csv',
    }),
    form('SageMaker, JSON Lines', '/invocations', rows.map((row) => JSON.stringify(row)).join('\n'), lines, {
      'content-type': 'application/jsonlines',
    }),
    form('SageMaker, float32', '/invocations', floats, predictions, { 'content-type': 'application/octet-stream' }),
    form('SageMaker, float32 both ways', '/invocations', floats, (reply) => Array.from(float32(reply)), {
      'content-type': 'application/octet-stream',
      accept: 'application/octet-stream',
    }),
    form('SageMaker, TensorFlow Serving', '/invocations', { inputs: rows }, outputs, {
      ...JSON_TYPE,
      'x-amzn-sagemaker-custom-attributes': 'tfs-method=predict',
    }),
    form('Vertex AI', '/vertex:predict', { instances: rows, parameters: {} }, predictions),
  ];
}

function json(read: (reply: Record<string, unknown>) => readonly number[]): WireForm['read'] {
  return (reply) => read(JSON.parse(reply.toString()));
}

/** Columns as the official library writes them. */
function arrow(columns: Record<string, readonly (number | undefined)[]>): Buffer {
  const vectors = Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values as number[])]);
  return Buffer.from(tableToIPC(tableFromArrays(Object.fromEntries(vectors.toReversed())), 'stream'));
}

/** The first column, which is the target. */
function arrowTable(reply: Buffer): number[] {
  return Array.from(tableFromIPC(reply).getChildAt(0)!.toArray() as Float32Array);
}

function csvTable(reply: Buffer): number[] {
  const [, ...records] = reply.toString().trimEnd().split('\r\n');
  return records.map((record) => Number(record.split(',')[0]));
}

/** Numbers of lines, in brackets or not. */
function lines(reply: Buffer): number[] {
  return reply
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.replace(/[[\]]/g, '')));
}

function binaryTensor(reply: Buffer, headers: Readonly<Record<string, unknown>>): number[] {
  return Array.from(float32(reply.subarray(Number(headers[HEADER]))));
}

function float32(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
