import { DomainError, show } from '../../base/domain-error.js';
import { readJsonObject } from '../../base/json/json-object.js';
import { readJson, textOf } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import { maxValues } from '../../base/node/memory-limits.js';
import { isNumeric } from '../../model/tables/row-model.js';
import { checkCount, type Rows } from '../../model/tables/rows.js';
import { jsonParser, type RowModel, readRowList } from './row-list.js';

const LEFT_BRACKET = 0x5b;
const LEFT_BRACE = 0x7b;
const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const parser = new RowParser();

/** Reads JSON Lines: a row per line, by position or by feature name. Throws `INVALID_JSON`, `INVALID_ROWS` and `TOO_LARGE`. */
export function readJsonLinesRequest(body: Buffer, model: RowModel): Rows {
  if (isNumeric(model) && readOneRow(body, model.features.length)) return { rows: parser.rows, count: 1 };
  checkLines(body, model.maxRows);
  const lines = textOf(body).split('\n');
  if (lines.at(-1)!.trim() === '') lines.pop();
  checkCount(lines.length, 'lines', model.maxRows);
  const parse = jsonParser(model);
  const rows = lines.map((line, i) => readLine(line, i, parse));
  return readRowList(rows, 'lines', model);
}

/** Throws `TOO_LARGE` for far more lines than rows, or values than fit into memory, before there is a text of each. */
function checkLines(body: Buffer, maxRows: number): void {
  let lines = 0;
  let commas = 0;
  for (const byte of body) {
    if (byte === LINE_FEED) lines++;
    else if (byte === COMMA) commas++;
  }
  // The last may be empty.
  if (lines > maxRows) throw new DomainError('TOO_LARGE', `lines: expected at most ${maxRows} rows, got more`);
  const most = maxValues(body.length);
  if (lines + commas > most) {
    throw new DomainError('TOO_LARGE', `lines: expected at most ${most} values, got more; send fewer rows`);
  }
}

/** Reads one line of numbers by position, with or without a line feed. Returns false if the body is anything else. */
function readOneRow(body: Buffer, width: number): boolean {
  if (body[0] !== LEFT_BRACKET || !parser.parseNumbers(body, 1, width)) return false;
  return parser.end === body.length || (parser.end === body.length - 1 && body[parser.end] === LINE_FEED);
}

function readLine(line: string, i: number, parse: (text: string) => unknown): unknown {
  try {
    const json = Buffer.from(line.trim());
    return json[0] === LEFT_BRACE ? readJsonObject(json, parse) : readJson(json, parse);
  } catch (cause) {
    if (cause instanceof DomainError && cause.code !== 'INVALID_JSON') {
      throw new DomainError(cause.code, `lines[${i}]: ${cause.message}`, { cause });
    }
    throw new DomainError('INVALID_JSON', `lines[${i}]: expected a row in JSON, got ${show(line)}`, { cause });
  }
}
