import { DomainError } from '../../../base/domain-error.js';

export function invalidParquet(message: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_PARQUET', `Parquet file: ${message}`, { cause });
}

/** Turns what the library throws about bytes that it cannot read into `INVALID_PARQUET` with the place. */
export function unreadable(cause: unknown, where = ''): unknown {
  if (cause instanceof DomainError || (cause as NodeJS.ErrnoException).syscall) return cause;
  return invalidParquet(`${where && `${where}: `}cannot be read: ${(cause as Error).message}`, cause);
}

/** Calls `read`; throws `INVALID_PARQUET` if it throws. */
export function parsed<T>(read: () => T, where?: string): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(cause, where);
  }
}
