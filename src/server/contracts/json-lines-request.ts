import { DomainError, show } from '../../model/domain-error.js';
import { checkCount, type Rows } from '../../model/rows.js';
import { parseJson } from '../json-body.js';
import { readJsonObject } from './json-object.js';
import { type RowModel, readRowList } from './row-list.js';

/** Reads JSON Lines: a row a line, by position or by feature name. Throws `INVALID_JSON`, `INVALID_ROWS`, `TOO_LARGE`. */
export function readJsonLinesRequest(body: Buffer, model: RowModel, _given: undefined): Rows & { asked: undefined } {
  const lines = body.toString().split('\n');
  if (lines.at(-1)!.trim() === '') lines.pop();
  checkCount(lines.length, 'lines', model.maxRows);
  const rows = lines.map((line, i) => readLine(line, i));
  return { ...readRowList(rows, 'lines', model), asked: undefined };
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
