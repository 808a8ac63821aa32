/** The codes of errors with which access control refuses a request. */
export type AccessErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'CROSS_SITE'
  | 'MISDIRECTED'
  | 'RATE_LIMITED'
  | 'ISSUER_UNAVAILABLE';

/** A request that is not admitted. `headers` are those of the reply, such as `retry-after`. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly code: AccessErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: AccessErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}
