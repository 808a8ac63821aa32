/** Exit codes of every command. */
export const EXIT = { ok: 0, failure: 1, usage: 2, drift: 3, interrupted: 130 } as const;

/** A command line that cannot be understood: the command ends with `EXIT.usage`. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
