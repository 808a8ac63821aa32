import { DomainError } from '../../base/domain-error.js';
import { AccessError } from '../access/access-error.js';

/** The codes of errors that only HTTP knows: what is wrong is the request, and not what it asks the model for. */
export type HttpErrorCode = 'INVALID_QUERY' | 'NOT_ACCEPTABLE' | 'UNSUPPORTED_ENCODING' | 'UNSUPPORTED_MEDIA_TYPE';

/** Like {@link DomainError}, for what only HTTP knows. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;

  constructor(code: HttpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Returns true for an error whose code the client receives. */
export function hasCode(error: unknown): error is DomainError | HttpError | AccessError {
  return error instanceof DomainError || error instanceof HttpError || error instanceof AccessError;
}
