import { DomainError } from '../domain-error.js';

/** Descriptions of the codes with which a file system refuses a write. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
};

/** Returns `STORE_UNWRITABLE`, without a path, for such an error of a system call; undefined for any other error. */
export function storageError(cause: unknown): DomainError | undefined {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  return reason === undefined
    ? undefined
    : new DomainError('STORE_UNWRITABLE', `the model store cannot be written: ${reason} (${code})`, { cause });
}
