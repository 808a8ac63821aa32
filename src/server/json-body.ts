import { DomainError } from '../model/domain-error.js';

/**
 * A body of more bytes than this is read in a thread or in parts, between which others have their turn: JSON.parse holds
 * the event loop for 100 ms at 300,000 rows.
 */
export const LARGE_BODY = 128 * 1024;

/** Parses a body. Throws `INVALID_JSON`, which says where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError('INVALID_JSON', `body: ${(cause as Error).message}`, { cause });
  }
}
