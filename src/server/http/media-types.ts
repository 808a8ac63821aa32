import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';
import { DomainError, show } from '../../base/domain-error.js';

export const JSON_TYPE = 'application/json';
export const CSV_TYPE = 'text/csv';
export const ARROW_TYPE = 'application/vnd.apache.arrow.stream';
export const PARQUET_TYPE = 'application/vnd.apache.parquet';

/** What rows may come as, and predictions go as. */
const ROW_TYPES = [JSON_TYPE, CSV_TYPE, ARROW_TYPE] as const;
export type RowType = (typeof ROW_TYPES)[number];

/**
 * The type of a reply to a request with a body of type `given`: what the client likes best, and the type of its body if
 * it likes several alike. Throws `NOT_ACCEPTABLE`.
 */
export function replyType(headers: IncomingHttpHeaders, given: RowType): RowType {
  const { accept } = headers;
  if (accept === undefined || accept === '*/*' || accept === given) return given;
  const best = new Negotiator({ headers }).mediaType([given, ...ROW_TYPES.filter((type) => type !== given)]);
  if (best !== undefined) return best as RowType;
  throw new DomainError('NOT_ACCEPTABLE', `accept: expected one of ${ROW_TYPES.join(', ')}, got ${show(accept)}`);
}
