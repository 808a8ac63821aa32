import { DomainError } from '../domain-error.js';

/** What a file system says when it cannot be written, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
};

/** `STORE_UNWRITABLE` for the error of a system call that says so, without its path; undefined for any other error. */
export function storageError(cause: unknown): DomainError | undefined {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return reason === undefined
    ? undefined
    : new DomainError('STORE_UNWRITABLE', `the model store cannot be written: ${reason} (${code})`, { cause });
}
