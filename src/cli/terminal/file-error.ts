import { DomainError } from '../../base/domain-error.js';

/** What the codes of system calls mean to a person. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file would be larger than is allowed here',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'there is no such file or directory',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory',
  EMFILE: 'too many files are open',
  EIO: 'the disk reports an error',
};

/** Returns the error of a system call on a file, in words that name the file. `doing` is what failed, such as `written`. */
export function fileError(path: string, doing: 'read' | 'written', cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!Object.hasOwn(REASONS, code)) return cause;
  const rest = doing === 'written' ? '; nothing is left of it' : '';
  return new DomainError('INVALID_REQUEST', `${path} cannot be ${doing}: ${REASONS[code]} (${code})${rest}`, { cause });
}
