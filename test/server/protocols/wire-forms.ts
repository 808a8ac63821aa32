import { tableFromArrays, tableFromIPC, tableToIPC } from 'apache-arrow';

/** A reply's values for the rows, flat; some protocols reply with predictions only. */
export interface WireReply {
  readonly predictions: readonly number[];
  /** `[rows]` */
  readonly errors?: readonly number[] | undefined;
  /** `[rows, features]` in raw units */
  readonly reconstructions?: readonly number[] | undefined;
}

/** A request to predict rows, and how to read its reply. */
export interface WireForm {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly read: (reply: Buffer, headers: Readonly<Record<string, unknown>>) => WireReply;
}

type Rows = readonly (readonly number[])[];

const JSON_TYPE = { 'content-type': 'application/json' };
const ARROW = 'application/vnd.apache.arrow.stream';
const HEADER = 'inference-header-content-length';
const V2 = '/v2/models/test/infer';
const VERTEX_TRITON = 'application/vnd.vertex-ai-triton.binary+json';
const SAGEMAKER_TRITON = 'application/vnd.sagemaker-triton.binary+json';
const OUTPUTS = ['reconstruction', 'predictions', 'reconstruction_error'].map((name) => ({ name }));

/** The ways to say `rows` in every contract and format, for a model called `test` with one target. */
export function wireForms(features: readonly string[], rows: Rows): readonly WireForm[] {
  const named = rows.map((row) => Object.fromEntries(features.map((name, j) => [name, row[j]])));
  const columns = Object.fromEntries(features.map((name, j) => [name, rows.map((row) => row[j])]));
  const reversed = features.toReversed();
  const csv = rows.map((row) => row.join(','));
  const infer = (inputs: unknown, more: object = {}) => JSON.stringify({ ...more, inputs });
  const tensor = { name: 'inputs', shape: [rows.length, features.length], datatype: 'FP32' };
  const floats = Buffer.from(Float32Array.from(rows.flat()).buffer);
  const doubles = Buffer.from(Float64Array.from(rows.flat()).buffer);
  const predictions = json((reply) => (reply['predictions'] as number[][]).flat());
  const outputs = json((reply) => (reply['outputs'] as number[][]).flat());
  const results = json((reply) => reply['results'] as number[]);
  const tfs = '/v1/models/test:predict';
  const v1 = '/v2/models/test/versions/1/infer';
  return [
    form('native, rows', '/predict', { instances: rows }, native),
    form('native, named rows', '/predict', { instances: named }, native),
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
    form('TensorFlow Serving, regress', '/v1/models/test:regress', { examples: named }, results),
    form('TensorFlow Serving, a version', '/v1/models/test/versions/1:predict', { instances: rows }, predictions),
    form('TensorFlow Serving, a label', '/v1/models/test/labels/production:predict', { inputs: rows }, outputs),
    form(
      'TensorFlow Serving, regress of a version',
      '/v1/models/test/versions/1:regress',
      { examples: named },
      results,
    ),
    form(
      'TensorFlow Serving, regress of a label',
      '/v1/models/test/labels/production:regress',
      { examples: named },
      results,
    ),
    form('Open Inference, flat', V2, infer([{ ...tensor, data: rows.flat() }]), tensors),
    form('Open Inference, nested FP64', V2, infer([{ ...tensor, datatype: 'FP64', data: rows }]), tensors),
    form('Open Inference, a version', v1, infer([{ ...tensor, data: rows.flat() }]), tensors),
    form('Open Inference, all outputs', V2, infer([{ ...tensor, data: rows.flat() }], { outputs: OUTPUTS }), tensors),
    form(
      'Open Inference, an input for each feature',
      V2,
      infer(reversed.map((name) => ({ name, shape: [rows.length], datatype: 'FP32', data: columns[name] }))),
      tensors,
    ),
    binaryForm('Open Inference, binary', rows, 'FP32', floats),
    binaryForm('Open Inference, binary FP64', rows, 'FP64', doubles),
    binaryForm('Open Inference, binary, all outputs', rows, 'FP32', floats, { outputs: OUTPUTS }),
    binaryForm('Open Inference, binary, a version', rows, 'FP32', floats, { url: v1 }),
    binaryForm("Open Inference, Vertex AI's type", rows, 'FP32', floats, { type: VERTEX_TRITON }),
    binaryForm("Open Inference, SageMaker's type", rows, 'FP32', floats, { type: SAGEMAKER_TRITON }),
    form('Open Inference, raw', V2, floats, tensors, { [HEADER]: '0' }),
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
    form('SageMaker, float32 both ways', '/invocations', floats, (reply) => ({ predictions: float32(reply) }), {
      'content-type': 'application/octet-stream',
      accept: 'application/octet-stream',
    }),
    binaryForm("SageMaker, Triton's type, all outputs", rows, 'FP32', floats, {
      url: '/invocations',
      type: SAGEMAKER_TRITON,
      outputs: OUTPUTS,
    }),
    form('SageMaker, TensorFlow Serving', '/invocations', { inputs: rows }, outputs, {
      ...JSON_TYPE,
      'x-amzn-sagemaker-custom-attributes': 'tfs-method=predict',
    }),
    form('Vertex AI', '/vertex:predict', { instances: rows, parameters: {} }, predictions),
  ];
}

/** Datatypes of the Open Inference Protocol that hold whole numbers from 0 to 127, and how JavaScript writes their bytes. */
const INTEGERS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
} as const;
const LONG_INTEGERS = { INT64: BigInt64Array, UINT64: BigUint64Array } as const;

/** The ways to say rows of whole numbers from 0 to 127 in the integer datatypes, in JSON and in bytes. */
export function integerForms(rows: Rows): readonly WireForm[] {
  const values = rows.flat();
  const blobs = [
    ...Object.entries(INTEGERS).map(([datatype, Type]) => [datatype, Type.from(values)] as const),
    ...Object.entries(LONG_INTEGERS).map(([datatype, Type]) => [datatype, Type.from(values.map(BigInt))] as const),
  ];
  return blobs.flatMap(([datatype, { buffer }]) => {
    const tensor = { name: 'inputs', shape: [rows.length, rows[0]!.length], datatype, data: values };
    return [
      form(`${datatype} in JSON`, V2, { inputs: [tensor], outputs: OUTPUTS }, tensors),
      binaryForm(`${datatype} in bytes`, rows, datatype, Buffer.from(buffer), { outputs: OUTPUTS }),
    ];
  });
}

function form(
  name: string,
  url: string,
  body: unknown,
  read: WireForm['read'],
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): WireForm {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { name, url, headers, body: bytes, read };
}

/** A tensor behind its JSON; the length of that is in a header, or in the content type if there is one. */
function binaryForm(
  name: string,
  rows: Rows,
  datatype: string,
  blob: Buffer,
  { url = V2, type, outputs }: { url?: string; type?: string; outputs?: object } = {},
): WireForm {
  const shape = [rows.length, rows[0]!.length];
  const input = { name: 'inputs', shape, datatype, parameters: { binary_data_size: blob.length } };
  const header = JSON.stringify({ inputs: [input], parameters: { binary_data_output: true }, outputs });
  const length = Buffer.byteLength(header);
  const headers: Record<string, string> = type
    ? { 'content-type': `${type};json-header-size=${length}` }
    : { [HEADER]: String(length) };
  return form(name, url, Buffer.concat([Buffer.from(header), blob]), tensors, headers);
}

function json(read: (reply: Record<string, unknown>) => readonly number[]): WireForm['read'] {
  return (reply) => ({ predictions: read(JSON.parse(reply.toString())) });
}

function native(reply: Buffer): WireReply {
  const { predictions, reconstruction_error: errors } = JSON.parse(reply.toString());
  return { predictions: predictions.flat(), errors };
}

/** Columns as the official library writes them. */
function arrow(columns: Record<string, readonly (number | undefined)[]>): Buffer {
  const vectors = Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values as number[])]);
  return Buffer.from(tableToIPC(tableFromArrays(Object.fromEntries(vectors.toReversed())), 'stream'));
}

/** A column of the target, and one of the errors. */
function arrowTable(reply: Buffer): WireReply {
  const table = tableFromIPC(reply);
  const [predictions, errors] = [0, 1].map((i) => Array.from(table.getChildAt(i)!.toArray() as Float32Array));
  return { predictions: predictions!, errors };
}

function csvTable(reply: Buffer): WireReply {
  const [, ...records] = reply.toString().trimEnd().split('\r\n');
  const [predictions, errors] = [0, 1].map((i) => records.map((record) => Number(record.split(',')[i])));
  return { predictions: predictions!, errors };
}

/** Numbers of lines, in brackets or not. */
function lines(reply: Buffer): WireReply {
  const texts = reply.toString().trimEnd().split('\n');
  return { predictions: texts.map((line) => Number(line.replace(/[[\]]/g, ''))) };
}

/** Outputs of the Open Inference Protocol, in JSON or behind it. */
function tensors(reply: Buffer, headers: Readonly<Record<string, unknown>>): WireReply {
  let at = Number(headers[HEADER] ?? reply.length);
  const { outputs } = JSON.parse(reply.toString('utf8', 0, at));
  const values: Record<string, readonly number[]> = {};
  for (const { name, data, parameters } of outputs) {
    if (data === undefined) values[name] = float32(reply.subarray(at, at + parameters.binary_data_size));
    else values[name] = data;
    at += parameters?.binary_data_size ?? 0;
  }
  const { predictions = [], reconstruction_error: errors, reconstruction: reconstructions } = values;
  return { predictions, errors, reconstructions };
}

function float32(bytes: Buffer): number[] {
  return Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
}
