import { DomainError, show } from '../../base/domain-error.js';
import { readJsonObject } from '../../base/json/json-object.js';
import { checkJson, parseJson } from '../../base/json/parse-json.js';
import { RowParser } from '../../base/json/row-parser.js';
import { checkCount, type Rows } from '../../model/tables/rows.js';
import { type RowModel, readRowList } from './row-list.js';

const LEFT_BRACKET = 0x5b;
const LINE_FEED = 0x0a;
const parser = new RowParser();

/** Reads JSON Lines: a row per line, by position or by feature name. Throws `INVALID_JSON`, `INVALID_ROWS` and `TOO_LARGE`. */
export function readJsonLinesRequest(body: Buffer, model: RowModel): Rows {
  if (readOneRow(body, model.features.length)) return { rows: parser.rows, count: 1 };
  checkLines(body, model.maxRows);
  checkJson(body);
  const lines = body.toString().split('\n');
  if (lines.at(-1)!.trim() === '') lines.pop();
  checkCount(lines.length, 'lines', model.maxRows);
  const rows = lines.map((line, i) => readLine(line, i));
  return readRowList(rows, 'lines', model);
}

/** Throws `TOO_LARGE` for far more lines than rows, before there is a text of each. */
function checkLines(body: Buffer, maxRows: number): void {
  let lines = 0;
  for (let at = body.indexOf(LINE_FEED); at >= 0; at = body.indexOf(LINE_FEED, at + 1)) lines++;
  // The last may be empty.
  if (lines > maxRows) throw new DomainError('TOO_LARGE', `lines: expected at most ${maxRows} rows, got more`);
}

/** Reads one line of numbers by position, with or without a line feed. Returns false if the body is anything else. */
function readOneRow(body: Buffer, width: number): boolean {
  if (body[0] !== LEFT_BRACKET || !parser.parseNumbers(body, 1, width)) return false;
  return parser.end === body.length || (parser.end === body.length - 1 && body[parser.end] === LINE_FEED);
}

function readLine(line: string, i: number): unknown {
  try {
    const text = line.trim();
    return text.startsWith('{') ? readJsonObject(Buffer.from(text)) : parseJson(text);
  } catch (cause) {
    if (cause instanceof DomainError && cause.code !== 'INVALID_JSON') {
      throw new DomainError(cause.code, `lines[${i}]: ${cause.message}`, { cause });
    }
    throw new DomainError('INVALID_JSON', `lines[${i}]: expected a row in JSON, got ${show(line)}`, { cause });
  }
}
