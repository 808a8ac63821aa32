import { show } from '../../base/domain-error.js';
import { readJsonObject } from '../../base/json/json-object.js';
import { isObject, readJson } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import { readRows } from '../../model/tables/json/json-rows.js';
import { isNumeric } from '../../model/tables/row-model.js';
import { checkCount, type Rows } from '../../model/tables/rows.js';
import { withInterval } from './interval-parameter.js';
import {
  checkNames,
  invalidRequest,
  invalidRows,
  jsonParser,
  type RowModel,
  readColumns,
  readPlainRows,
  readRowList,
  withCount,
} from './row-list.js';

const KEYS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;
type Key = (typeof KEYS)[number];

const SPACE = 0x20;
const LEFT_BRACKET = 0x5b;
const LEFT_BRACE = 0x7b;
const LETTER_I = 0x69;
const LETTER_P = 0x70;

/** The beginning of a data frame whose columns have names of ASCII letters without escapes. */
const SPLIT =
  /^\{\s*"dataframe_split"\s*:\s*\{\s*"columns"\s*:\s*(\[(?:\s*"[\w .()/%-]*"\s*,)*\s*"[\w .()/%-]*"\s*\])\s*,\s*"data"\s*:\s*\[/;
const SPLIT_END = /^\s*\}\s*\}\s*$/;
/** Maximum length of the text before the rows and after them, in bytes. */
const MAX_HEAD_BYTES = 4096;
const MAX_END_BYTES = 32;
const parser = new RowParser();

/**
 * Reads a body of MLflow's scoring server: an object with one of its four keys. `params` may ask for prediction intervals;
 * other keys have no meaning for this model. A list is rows, or the values of one row, as SageMaker's containers read it. Throws `INVALID_JSON`,
 * `INVALID_REQUEST`, `INVALID_ROWS` and `TOO_LARGE`.
 */
export function readMlflowRequest(body: Buffer, model: RowModel): Rows & { interval?: number } {
  const common = readCommon(body, model);
  if (common) return common;
  const first = body.find((byte) => byte > SPACE);
  if (first === LEFT_BRACKET) return readList(body, model);
  const request = readJsonObject(body, jsonParser(model));
  const keys = KEYS.filter((key) => Object.hasOwn(request, key));
  const [key] = keys;
  if (keys.length !== 1 || !key) {
    const got = keys.length === 0 ? 'none' : keys.join(' and ');
    throw invalidRequest(`body: expected exactly one of ${KEYS.join(', ')}, got ${got}`);
  }
  const { params } = request;
  if (params !== undefined && params !== null && !isObject(params))
    throw invalidRequest(`params: expected an object, got ${show(params)}`);
  return withInterval(readKey(key, request[key], model), params, 'params');
}

function readList(body: Buffer, model: RowModel): Rows {
  const list = readJson(body, jsonParser(model)) as unknown[];
  const isRow = list.length > 0 && list.every((value) => typeof value !== 'object' || value === null);
  return readRowList(isRow && model.features.length > 1 ? [list] : list, 'body', model);
}

/** Reads the three most common forms without an object per row. Returns undefined for any other body, valid or not. */
function readCommon(body: Buffer, model: RowModel): Rows | undefined {
  const { features, maxRows } = model;
  const width = features.length;
  if (body[0] !== LEFT_BRACE || !isNumeric(model)) return undefined;
  if (body[2] === LETTER_I) return readPlainRows(body, model, body[4] === LETTER_P ? 'inputs' : 'instances');
  const [head, columns] = SPLIT.exec(body.toString('latin1', 0, MAX_HEAD_BYTES)) ?? [];
  if (head === undefined || columns === undefined) return undefined;
  const count = parser.parseRows(body, head.length, width);
  const hasEnd = SPLIT_END.test(body.toString('latin1', parser.end, parser.end + MAX_END_BYTES));
  if (count === 0 || count > maxRows || !hasEnd || body.length > parser.end + MAX_END_BYTES) return undefined;
  const names = namesOf(columns);
  if (names.length !== width || !features.every((name, j) => name === names[j] || names.includes(name))) {
    return undefined;
  }
  return { rows: reordered(parser.rows.subarray(0, count * width), names, features), count };
}

/** Parses the names of columns, or returns those of the previous body: a client sends the same each time. */
function namesOf(columns: string): readonly string[] {
  if (columns !== previous.columns) previous = { columns, names: JSON.parse(columns) };
  return previous.names;
}

let previous: { columns: string; names: readonly string[] } = { columns: '', names: [] };

function readKey(key: Key, value: unknown, model: RowModel): Rows {
  if (key === 'dataframe_split') return readSplit(value, model);
  return key === 'inputs' && isObject(value) ? readColumns(value, key, model) : readRowList(value, key, model);
}

/** Reads a data frame as written by pandas' `to_dict(orient="split")`. */
function readSplit(value: unknown, model: RowModel): Rows {
  const place = 'dataframe_split';
  if (!isObject(value)) {
    throw invalidRows(`${place}: expected an object with columns and data, got ${show(value)}`);
  }
  const { columns, data } = value;
  if (columns === undefined) return readRowList(data, `${place}.data`, model);
  if (!Array.isArray(columns)) {
    throw invalidRows(`${place}.columns: expected an array of names, got ${show(columns)}`);
  }
  const names = columns.map((name: unknown, j) => {
    if (typeof name === 'string' || typeof name === 'number') return String(name);
    throw invalidRows(`${place}.columns[${j}]: expected a name, got ${show(name)}`);
  });
  checkNames(names, `${place}.columns`, model.features);
  if (!Array.isArray(data)) {
    throw invalidRows(`${place}.data: expected an array of rows, got ${show(data)}`);
  }
  checkCount(data.length, `${place}.data`, model.maxRows);
  return withCount(readRows(data, model, `${place}.data`, names), data.length);
}

/** Returns `rows` with their columns in the order of the features. */
function reordered(rows: Float32Array, names: readonly string[], features: readonly string[]): Float32Array {
  if (features.every((name, j) => name === names[j])) return rows;
  const width = features.length;
  const places = features.map((name) => names.indexOf(name));
  return rows.map((_, at) => rows[at - (at % width) + places[at % width]!]!);
}
