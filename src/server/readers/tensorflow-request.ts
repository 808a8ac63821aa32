import { DomainError, show } from '../../base/domain-error.js';
import { readJsonObject } from '../../base/json/json-object.js';
import { withoutNumberTokens } from '../../base/json/nonfinite-tokens.js';
import { errorPosition, isObject } from '../../base/json/parse-json.js';
import type { Rows } from '../../model/tables/rows.js';
import { withInterval } from './interval-parameter.js';
import {
  invalidRequest,
  type RequestedRows,
  type RowModel,
  readColumns,
  readPlainRows,
  readRowList,
} from './row-list.js';

/** The model's only input. */
export const INPUT = 'inputs';
export const SIGNATURE = 'serving_default';

export interface TensorflowReaderOptions {
  readonly method: 'predict' | 'regress';
}

export type TensorflowRequest = RequestedRows<{ readonly columnar: boolean }> & { interval?: number };

const LEFT_BRACE = 0x7b;
const LETTER_P = 0x70;

/**
 * Reads a body of TensorFlow Serving's REST interface: `instances` (rows) or `inputs` (columns) to predict, `examples` to
 * regress. `parameters` may ask for the intervals of what is predicted. As in the original, unknown keys and text behind the object are ignored, and NaN and Infinity are numbers.
 *
 * Throws `INVALID_JSON`, `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readTensorflowRequest(
  body: Buffer,
  model: RowModel,
  { method }: TensorflowReaderOptions,
): TensorflowRequest {
  if (method === 'predict' && body[0] === LEFT_BRACE) {
    // The letter behind `{"in` distinguishes `instances` from `inputs`. Any other body is read below.
    const columnar = body[4] === LETTER_P;
    const plain = readPlainRows(body, model, columnar ? 'inputs' : 'instances');
    if (plain) return { rows: plain.rows, count: plain.count, requested: { columnar } };
  }
  const request = readJsonObject(body, (text) =>
    parseTolerantly(text, model.allowMissing || model.columns !== undefined),
  );
  const { signature_name: signature = SIGNATURE } = request;
  if (signature !== SIGNATURE && signature !== '') {
    throw invalidRequest(`Serving signature name: ${show(signature)} not found in signature def`);
  }
  if (method === 'regress') return { ...readExamples(request, model), requested: { columnar: false } };
  const { instances, inputs, parameters } = request;
  if (instances !== undefined && inputs !== undefined) {
    throw invalidRequest("Not formatted correctly, expecting only one of 'inputs' or 'instances' keys to exist");
  }
  if (inputs !== undefined) {
    return withInterval({ ...readColumnar(inputs, model), requested: { columnar: true } }, parameters, 'parameters');
  }
  if (instances === undefined) throw invalidRequest("Missing 'inputs' or 'instances' key");
  const rows = { ...readInstances(instances, model), requested: { columnar: false } };
  return withInterval(rows, parameters, 'parameters');
}

function readInstances(instances: unknown, model: RowModel): Rows {
  if (!Array.isArray(instances)) throw invalidRequest("Expecting 'instances' value to be a list/array");
  if (instances.length === 0) throw invalidRequest("No values found for 'instances'");
  const rows = instances.map((row) => valuesOf(isInput(row) ? row[INPUT] : row, model));
  rows.forEach((row, i) => {
    if (!Array.isArray(row) || row.length === model.features.length) return;
    const sizes = `Expecting tensor size: ${model.features.length} but got: ${row.length}`;
    throw invalidRequest(`Failed to process element: ${i} of 'instances' list. Error: ${sizes}`);
  });
  return inElement('instances', () => readRowList(rows, 'instances', model));
}

function readColumnar(inputs: unknown, model: RowModel): Rows {
  // Other keys are ignored here, unlike in a row.
  const named = isObject(inputs) && Object.hasOwn(inputs, INPUT) && !model.features.includes(INPUT);
  const rows = named || isInput(inputs) ? inputs[INPUT] : inputs;
  if (!isObject(rows))
    return readRowList(Array.isArray(rows) ? rows.map((row) => valuesOf(row, model)) : rows, 'inputs', model);
  const columns = Object.entries(rows).map(([name, column]) => [
    name,
    Array.isArray(column) ? column.map(plainElement) : column,
  ]);
  return readColumns(Object.fromEntries(columns), 'inputs', model);
}

/** Reads objects by feature name, with numbers or arrays of one number; `context` holds the features that all share. */
function readExamples({ examples, context = {} }: Record<string, unknown>, model: RowModel): Rows {
  if (!Array.isArray(examples)) throw invalidRequest("Expecting 'examples' value to be a list/array");
  if (examples.length === 0) throw invalidRequest("No values found for 'examples'");
  if (!isObject(context)) throw invalidRequest(`context: expected an object, got ${show(context)}`);
  const rows = examples.map((example, i) => {
    if (!isObject(example))
      throw invalidRequest(`examples[${i}]: expected an object of features, got ${show(example)}`);
    // Most examples are rows already.
    if (Object.keys(context).length === 0 && !Object.values(example).some((value) => typeof value === 'object'))
      return example;
    const entries = [...Object.entries(context), ...Object.entries(example)];
    return Object.fromEntries(entries.map(([name, of]) => [name, plainElement(of)]));
  });
  return inElement('examples', () => readRowList(rows, 'examples', model));
}

/**
 * Returns a row whose values are neither arrays of one nor `{"b64": …}`, as the original writes the elements of a tensor `[rows, 1]` and
 * texts that need not be UTF-8. Rows of numbers by position have neither.
 */
function valuesOf(row: unknown, { columns }: RowModel): unknown {
  if (Array.isArray(row)) return columns === undefined ? row : row.map(plainElement);
  if (!isObject(row) || !Object.values(row).some((value) => typeof value === 'object')) return row;
  return Object.fromEntries(Object.entries(row).map(([name, of]) => [name, plainElement(of)]));
}

function plainElement(element: unknown): unknown {
  const value = Array.isArray(element) && element.length === 1 ? element[0] : element;
  const isBase64 = isObject(value) && typeof value['b64'] === 'string' && Object.keys(value).length === 1;
  return isBase64 ? Buffer.from(value['b64'] as string, 'base64').toString() : value;
}

/** Returns whether this is `{"inputs": …}`, the tensor by its name. */
function isInput(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.keys(value).length === 1 && typeof value[INPUT] === 'object';
}

/** Names the element of the list in the text of an error, as the original does. */
function inElement(list: string, read: () => Rows): Rows {
  try {
    return read();
  } catch (error) {
    const element = new RegExp(`^${list}\\[(\\d+)\\]`).exec((error as Error).message)?.[1];
    if (element === undefined) throw error;
    const message = `Failed to process element: ${element} of '${list}' list. Error: ${(error as Error).message}`;
    throw new DomainError('INVALID_ROWS', message, { cause: error });
  }
}

/** Parses JSON as RapidJSON does with the flags that the original sets. */
function parseTolerantly(text: string, allowMissing: boolean): unknown {
  try {
    return parse(text);
  } catch {
    const plain = withoutNumberTokens(text, allowMissing);
    try {
      return parse(plain);
    } catch (cause) {
      if (text.trim() === '') throw malformed('The document is empty.', 0, cause);
      throw malformed('Invalid value.', errorPosition(plain), cause);
    }
  }
}

/** Parses JSON like JSON.parse, but ignores text behind the value. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const end = /after JSON.* position (\d+)/.exec((error as Error).message)?.[1];
    if (end === undefined) throw error;
    return JSON.parse(text.slice(0, Number(end)));
  }
}

function malformed(what: string, offset: number, cause: unknown): DomainError {
  return new DomainError('INVALID_JSON', `JSON Parse error: ${what} at offset: ${offset}`, { cause });
}
