import { show } from '../../base/domain-error.js';
import { readJsonObject } from '../../base/json/json-object.js';
import { isObject } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import { isNumeric, mayMiss } from '../../model/tables/row-model.js';
import { checkCount, type Rows } from '../../model/tables/rows.js';
import { codedElementBytes, LENGTH_BYTES, readColumnTensor } from './column-tensor.js';
import { readFloatRows } from './float32-request.js';
import { withInterval } from './interval-parameter.js';
import {
  checkNames,
  invalidRequest,
  invalidRows,
  jsonParser,
  type RequestedRows,
  type RowModel,
  requireNumeric,
  withCount,
} from './row-list.js';
import { elementBytes, readBytes, readData, type TensorShape } from './tensor.js';

/** The header with the number of bytes of JSON before binary data. */
export const HEADER_LENGTH = 'inference-header-content-length';
/** Content types with the same number, for proxies that drop headers. */
const VENDOR = /^application\/vnd\.(?:vertex-ai|sagemaker)-triton\.binary\+json/;
/** Bytes of JSON before binary data from which the body is read in the thread, as is a large body of JSON alone. */
const LONG_HEADER = 64 * 1024;

/** The input for whole rows. Alternatively, each feature is an input of its own. */
export const INPUT = 'inputs';
export const OUTPUTS = ['predictions', 'reconstruction_error', 'reconstruction'] as const;
export type OutputName = (typeof OUTPUTS)[number];

/** The beginning of a body with one input of float32 that requests the predictions alone. */
const COMMON =
  /^\{\s*(?:"id"\s*:\s*"([\w.:-]*)"\s*,\s*)?"inputs"\s*:\s*\[\s*\{\s*"name"\s*:\s*"inputs"\s*,\s*"shape"\s*:\s*\[\s*(\d{1,9})\s*,\s*(\d{1,9})\s*\]\s*,\s*"datatype"\s*:\s*"FP32"\s*,\s*"data"\s*:\s*\[/;
const COMMON_END = /^\s*\}\s*\]\s*\}\s*$/;
/** Maximum length of the text before the numbers and after them, in bytes. */
const MAX_HEAD_BYTES = 256;
const MAX_END_BYTES = 32;
const PREDICTIONS = [{ name: 'predictions', binary: false }] as const;

const parser = new RowParser();

export interface OpenInferenceReaderOptions {
  /** Bytes of JSON before the binary data, or null if the whole body is JSON. */
  readonly headerLength: number | null;
}

export interface OpenInferenceRequested {
  readonly id?: string;
  readonly outputs: readonly { readonly name: OutputName; readonly binary: boolean }[];
}

/**
 * Reads a body of the Open Inference Protocol: JSON that holds the data, JSON with binary data behind it, or binary rows of
 * float32 alone. Throws `INVALID_JSON`, `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readOpenInferenceRequest(
  body: Buffer,
  model: RowModel,
  { headerLength }: OpenInferenceReaderOptions,
): RequestedRows<OpenInferenceRequested> & { interval?: number } {
  // Without JSON, the body is the one input: its columns are known, and its length gives the rows.
  if (headerLength === 0) {
    return { ...readFloatRows(body, model), requested: { outputs: [{ name: 'predictions', binary: true }] } };
  }
  if (headerLength !== null && headerLength > body.length) {
    throw invalidRequest(
      `inference header: expected at most the ${body.length} bytes of the body, got ${headerLength}`,
    );
  }
  const common = headerLength === null ? readCommon(body, model) : undefined;
  if (common) return common;
  const length = headerLength ?? body.length;
  const request = readJsonObject(body.subarray(0, length), jsonParser(model));
  const { inputs } = request;
  const id = given(request['id']);
  const parameters = given(request['parameters']) ?? {};
  if (id !== undefined && typeof id !== 'string') throw invalidRequest(`id: expected a string, got ${show(id)}`);
  if (!isObject(parameters)) throw invalidRequest(`parameters: expected an object, got ${show(parameters)}`);
  const requested = {
    ...(id === undefined ? {} : { id }),
    outputs: readOutputs(given(request['outputs']), parameters, model),
  };
  return withInterval({ ...readInputs(inputs, body.subarray(length), model), requested }, parameters, 'parameters');
}

/** Reads the most common form without making objects of it. Returns undefined for any other body, valid or not. */
function readCommon(body: Buffer, model: RowModel): RequestedRows<OpenInferenceRequested> | undefined {
  if (!isNumeric(model)) return undefined;
  const { features, maxRows } = model;
  const [head, id, rows, columns] = COMMON.exec(body.toString('latin1', 0, MAX_HEAD_BYTES)) ?? [];
  const count = Number(rows);
  const elements = count * features.length;
  // A number and its separator take two bytes: memory is allocated only for a shape that fits into the body.
  if (head === undefined || Number(columns) !== features.length || count === 0 || count > maxRows) return undefined;
  if (2 * elements > body.length || !parser.parseNumbers(body, head.length, elements)) return undefined;
  const end = body.toString('latin1', parser.end, parser.end + MAX_END_BYTES);
  if (body.length > parser.end + MAX_END_BYTES || !COMMON_END.test(end)) return undefined;
  // Not spread into an object: that would take longer than reading the body.
  const requested = id === undefined ? { outputs: PREDICTIONS } : { id, outputs: PREDICTIONS };
  return { rows: parser.rows, count, requested };
}

/** Returns the requested outputs: by default the predictions. */
function readOutputs(
  outputs: unknown,
  parameters: Record<string, unknown>,
  model: RowModel,
): OpenInferenceRequested['outputs'] {
  // The reconstruction of other values than numbers is no matrix.
  const known: readonly OutputName[] = isNumeric(model) ? OUTPUTS : OUTPUTS.filter((name) => name !== 'reconstruction');
  const binary = readFlag(parameters['binary_data_output'], 'parameters.binary_data_output') ?? false;
  if (outputs === undefined) return [{ name: 'predictions', binary }];
  if (!Array.isArray(outputs)) throw invalidRequest(`outputs: expected an array, got ${show(outputs)}`);
  if (outputs.length === 0) return [{ name: 'predictions', binary }];
  if (outputs.length > OUTPUTS.length)
    throw invalidRequest(`outputs: expected at most ${OUTPUTS.length}, got ${outputs.length}`);
  const requested = outputs.map((output: unknown, i) => {
    const { name, parameters } = isObject(output) ? output : ({} as Record<string, unknown>);
    const own = given(parameters) ?? {};
    if (!known.includes(name as OutputName)) {
      throw invalidRequest(`outputs[${i}].name: expected one of ${known.join(', ')}, got ${show(name)}`);
    }
    if (!isObject(own)) throw invalidRequest(`outputs[${i}].parameters: expected an object, got ${show(own)}`);
    const flag = readFlag(own['binary_data'], `outputs[${i}].parameters.binary_data`);
    return { name: name as OutputName, binary: flag ?? binary };
  });
  const twice = requested.find(({ name }, i) => requested.findIndex((other) => other.name === name) !== i);
  if (twice) throw invalidRequest(`outputs: ${twice.name} is there twice`);
  return requested;
}

/** Returns the value of an optional field. Some clients, such as MLServer's, write null for those that they do not set. */
function given(value: unknown): unknown {
  return value ?? undefined;
}

function readFlag(setting: unknown, place: string): boolean | undefined {
  const value = given(setting);
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalidRequest(`${place}: expected true or false, got ${show(value)}`);
}

function readInputs(inputs: unknown, blob: Buffer, model: RowModel): Rows {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw invalidRequest(
      `inputs: expected an array of tensors, got ${inputs === undefined ? 'nothing' : show(inputs)}`,
    );
  }
  const tensors = inputs.map((input: unknown, i) => {
    if (!isObject(input)) throw invalidRequest(`inputs[${i}]: expected a tensor, got ${show(input)}`);
    return input;
  });
  const [{ name: first }] = tensors as [Record<string, unknown>];
  // One input of all features: its name does not matter, unless it is that of a feature. A model of other features than numbers
  // has an input for each of them.
  const isOnly = tensors.length === 1 && typeof first === 'string' && !model.features.includes(first);
  const whole = isOnly && (first === INPUT || isNumeric(model));
  if (whole) requireNumeric(model, 'inputs[0]', 'send an input of [rows] for each feature');
  const places = whole ? undefined : namesOf(tensors, model);
  const columns = whole ? model.features.length : 1;
  let at = 0;
  let count = 0;
  const columnsOfCodes = new Map<string, Float32Array>();
  tensors.forEach((tensor, i) => {
    const shape = readShape(tensor, i, columns, whole);
    checkCount(shape.rows, shape.place, model.maxRows);
    if (i > 0 && shape.rows !== count) {
      throw invalidRows(`${shape.place}.shape: expected ${count} rows, as the first input has, got ${shape.rows}`);
    }
    count = shape.rows;
    const name = tensor['name'] as string;
    const feature = places?.get(name);
    const isIgnored = places !== undefined && feature === undefined;
    const column = feature === undefined ? undefined : model.columns?.[feature];
    const isCoded = column !== undefined && column.type !== 'number';
    const size = binarySize(tensor, shape, isCoded || isIgnored);
    if (size !== undefined && at + size > blob.length) {
      throw invalidRows(`${shape.place}: expected ${size} bytes of binary data, got ${blob.length - at}`);
    }
    const bytes = size === undefined ? undefined : blob.subarray(at, at + size);
    at += size ?? 0;
    if (isIgnored) return;
    if (isCoded) {
      columnsOfCodes.set(name, readColumnTensor(tensor['data'], bytes, shape, model, feature!));
      return;
    }
    const missing = (element: number) => mayMiss(model, feature ?? element % columns);
    columnsOfCodes.set(name, bytes ? readBytes(bytes, shape, missing) : readData(tensor['data'], shape, missing));
  });
  if (at < blob.length)
    throw invalidRequest(`unexpected additional input data: ${blob.length - at} bytes that no input names`);
  if (whole) return { rows: columnsOfCodes.get(first as string)!, count };
  const rows = interleave(columnsOfCodes, count, model);
  return withCount({ rows, ignored: tensors.length - model.features.length }, count);
}

/** Returns the index of each feature by its name. Throws `INVALID_ROWS` unless every feature is among the tensors, once. */
function namesOf(tensors: readonly Record<string, unknown>[], model: RowModel): ReadonlyMap<string, number> {
  const { features } = model;
  if (tensors.length === 1 && features.length > 1 && isNumeric(model)) {
    throw invalidRequest(`inputs[0].name: expected ${show(INPUT)}, got ${show(tensors[0]!['name'])}`);
  }
  const names = tensors.map(({ name }, i) => {
    if (typeof name === 'string') return name;
    throw invalidRequest(`inputs[${i}].name: expected a string, got ${show(name)}`);
  });
  checkNames(names, 'inputs', features);
  return new Map(features.map((name, j) => [name, j]));
}

/** Reads the shape `[rows, columns]` of a tensor. That of a single feature may also be `[rows]`. */
function readShape(tensor: Record<string, unknown>, i: number, columns: number, whole: boolean): TensorShape {
  const place = `inputs[${i}]`;
  const { shape, datatype } = tensor;
  const sizes = Array.isArray(shape) ? shape : [];
  const fits = whole ? sizes.length === 2 : sizes.length === 1 || sizes.length === 2;
  const [rows, width = 1] = sizes as unknown[];
  if (!fits || width !== columns || !Number.isSafeInteger(rows) || (rows as number) < 0) {
    throw invalidRows(
      `${place}.shape: expected ${whole ? `[rows, ${columns}]` : '[rows] or [rows, 1]'}, got ${show(shape)}`,
    );
  }
  return {
    place,
    elements: `${place}.data`,
    datatype: typeof datatype === 'string' ? datatype : show(datatype),
    rows: rows as number,
    columns,
  };
}

/** Returns the bytes of a tensor behind the JSON, or undefined if its data is in the JSON. */
function binarySize(tensor: Record<string, unknown>, shape: TensorShape, isCoded: boolean): number | undefined {
  const { place, rows, columns } = shape;
  const element = isCoded ? codedElementBytes(shape) : elementBytes(shape);
  const parameters = given(tensor['parameters']) ?? {};
  const data = given(tensor['data']);
  if (!isObject(parameters)) throw invalidRequest(`${place}.parameters: expected an object, got ${show(parameters)}`);
  const size = given(parameters['binary_data_size']);
  if (size === undefined) return undefined;
  if (data !== undefined) throw invalidRequest(`${place}: expected either data or binary_data_size`);
  // Texts have any length. A length that is not theirs shows when they are read.
  const isLongEnough = element === undefined && Number.isSafeInteger(size) && (size as number) >= LENGTH_BYTES * rows;
  const expected = rows * columns * (element ?? LENGTH_BYTES);
  if (isLongEnough || size === expected) return size as number;
  const least = element === undefined ? 'at least ' : '';
  throw invalidRows(
    `${place}.parameters.binary_data_size: expected ${least}${expected} for its shape and datatype, got ${show(size)}`,
  );
}

function interleave(columns: ReadonlyMap<string, Float32Array>, count: number, { features }: RowModel): Float32Array {
  const rows = new Float32Array(count * features.length);
  features.forEach((name, j) => {
    const values = columns.get(name)!;
    for (let i = 0; i < count; i++) rows[i * features.length + j] = values[i]!;
  });
  return rows;
}

/** Returns which of Triton's content types for platforms this is, if any. */
export function vendorType(contentType = ''): string | undefined {
  return VENDOR.exec(contentType)?.[0];
}

/** Returns whether the JSON before binary data is short enough to be parsed at once. */
export function hasShortHeader(headerLength: number | null): boolean {
  return headerLength !== null && headerLength < LONG_HEADER;
}

/** Returns the bytes of JSON before binary data, from either header. Throws `INVALID_REQUEST`. */
export function readHeaderLength(header: string | undefined, contentType = ''): number | null {
  const text = header ?? /;\s*json-header-size=([^;]*)/.exec(contentType)?.[1];
  if (text === undefined) return null;
  if (/^\d{1,15}$/.test(text.trim())) return Number(text);
  throw invalidRequest(`inference header: expected its length in bytes, got ${show(text)}`);
}
