import { DomainError } from '../../base/domain-error.js';

/** An error for rows that the model cannot take. */
export function invalidRows(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}

/** An error for a body whose form is not that of the protocol. */
export function invalidRequest(message: string): DomainError {
  return new DomainError('INVALID_REQUEST', message);
}
