import { DomainError } from '../../../base/domain-error.js';

export function invalidArrow(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_ARROW', `Arrow: ${message}`, { cause });
}
