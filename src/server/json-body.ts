import { DomainError } from '../model/domain-error.js';

/** Parses a body. Throws `INVALID_JSON`, which says where it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError('INVALID_JSON', `body: ${(cause as Error).message}`, { cause });
  }
}
