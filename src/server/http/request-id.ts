import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A client's request id is used if it is short and has no character that could break a log line or a header. */
const CLIENT_ID = /^[\w.:/+=@-]{1,128}$/;

/** Minimum hexadecimal digits of the counter: enough for eight years of a million requests a second. */
const DIGITS = 12;

/**
 * Returns a function that assigns request ids: the client's own from `x-request-id`, or a random prefix, drawn once, and a
 * counter. Drawing a random id for each request would cost as much as the forward pass of a row.
 */
export function requestIds(): (request: { headers: IncomingHttpHeaders }) => string {
  const prefix = `${randomBytes(8).toString('hex')}-`;
  let count = 0;
  return ({ headers }) => {
    const clientId = headers['x-request-id'];
    if (typeof clientId === 'string' && CLIENT_ID.test(clientId)) return clientId;
    return prefix + (++count).toString(16).padStart(DIGITS, '0');
  };
}
