import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { show } from '../../base/domain-error.js';
import { HttpError } from './http-error.js';

export const JSON_TYPE = 'application/json';
export const CSV_TYPE = 'text/csv';
export const ARROW_TYPE = 'application/vnd.apache.arrow.stream';
export const ARROW_FILE_TYPE = 'application/vnd.apache.arrow.file';
export const PARQUET_TYPE = 'application/vnd.apache.parquet';

/** Types of rows in requests and of predictions in replies. */
const ROW_TYPES = [JSON_TYPE, CSV_TYPE, ARROW_TYPE] as const;
export type RowType = (typeof ROW_TYPES)[number];

/**
 * Returns the type of the reply to a request whose body has the type `given`: the one that the client prefers, and the type
 * of the body among equals. Throws `NOT_ACCEPTABLE`.
 */
export function replyType(headers: IncomingHttpHeaders, given: RowType): RowType {
  const { accept } = headers;
  if (accept === undefined || accept === '*/*' || accept === given) return given;
  const best = new Negotiator({ headers }).mediaType([given, ...ROW_TYPES.filter((type) => type !== given)]);
  if (best !== undefined) return best as RowType;
  throw new HttpError('NOT_ACCEPTABLE', `accept: expected one of ${ROW_TYPES.join(', ')}, got ${show(accept)}`);
}
