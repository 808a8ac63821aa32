import { DomainError } from '../domain-error.js';
import { isCode } from './directory.js';

/** Descriptions of the codes with which a file system refuses a write. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
};

/**
 * Returns `STORE_UNWRITABLE`, without a path, for such an error of a system call, and `OVERLOADED` if there is no free file
 * descriptor; undefined for any other error.
 */
export function storageError(cause: unknown): DomainError | undefined {
  if (isDescriptorError(cause)) {
    const message = 'no file can be opened: too many files and connections are open; try again';
    return new DomainError('OVERLOADED', message, { cause });
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return reason === undefined
    ? undefined
    : new DomainError('STORE_UNWRITABLE', `the model store cannot be written: ${reason} (${code})`, { cause });
}

/** Returns whether a system call, or the start of a thread, failed for want of a free file descriptor, which passes. */
export function isDescriptorError(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DomainError) return false;
  if (isCode(error, 'EMFILE', 'ENFILE')) return true;
  return isCode(error, 'ERR_WORKER_INIT_FAILED') ? /\bE[MN]FILE\b/.test(error.message) : isDescriptorError(error.cause);
}
