import type { IncomingMessage } from 'node:http';
import { Rejection } from '../authenticator.js';
import { isRepeated } from '../repeated-header.js';
import { isMeantAsKey } from './key-text.js';

/** Maximum characters of a header in which a key is looked for. */
const MAX_LENGTH = 1000;

/**
 * Returns the API key that a request carries: as `Authorization: Bearer`, as `x-api-key`, or as the password of
 * `Authorization: Basic`, which is how clients of MLflow and `curl -u` send one. Undefined without any. A request with two is
 * rejected: another server on its way may have looked at the other one.
 */
export function keyOf({ headers, rawHeaders }: IncomingMessage): string | Rejection | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (apiKey === undefined && authorization === undefined) return undefined;
  if (apiKey !== undefined) {
    if (authorization !== undefined) return malformed('expected either authorization or x-api-key, got both');
    return typeof apiKey === 'string' && isMeantAsKey(apiKey) ? apiKey : malformed('x-api-key: expected an API key');
  }
  if (!isSingle(rawHeaders)) return malformed('authorization: expected once, got several');
  if (authorization!.length > MAX_LENGTH) return undefined;
  const [, scheme = '', text = ''] = /^(\w+) +(\S+) *$/.exec(authorization!) ?? [];
  if (/^bearer$/i.test(scheme)) return isMeantAsKey(text) ? text : undefined;
  if (!/^basic$/i.test(scheme)) return undefined;
  const password = Buffer.from(text, 'base64')
    .toString('latin1')
    .replace(/^[^:]*:/, '');
  return isMeantAsKey(password) ? password : malformed('authorization: expected an API key as the password');
}

/** Returns whether there is at most one header `authorization`. */
export function isSingle(rawHeaders: readonly string[]): boolean {
  return !isRepeated(rawHeaders, 'authorization', 'Authorization');
}

function malformed(message: string): Rejection {
  return new Rejection('malformed', message);
}
