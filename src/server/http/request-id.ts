import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A client's request id is taken if it is one: short, and without what could break a log line or a header. */
const GIVEN = /^[\w.:/+=@-]{1,128}$/;

/** Hexadecimal digits of the counter: enough for eight years of a million requests a second, and more follow. */
const DIGITS = 12;

/**
 * Gives requests their ids: the client's own from `x-request-id`, or a number behind a prefix drawn once. An id drawn
 * for each request would cost as much as the forward pass of a row.
 */
export function requestIds(): (request: { headers: IncomingHttpHeaders }) => string {
  const prefix = `${randomBytes(8).toString('hex')}-`;
  let count = 0;
  return ({ headers }) => {
    const given = headers['x-request-id'];
    if (typeof given === 'string' && GIVEN.test(given)) return given;
    return prefix + (++count).toString(16).padStart(DIGITS, '0');
  };
}
