import { DomainError, type ErrorCode } from '../../base/domain-error.js';
import { failpoint } from '../../base/files/failpoint.js';
import { type FeedbackBounds, FeedbackDatabase } from './feedback-database.js';

/** What can be asked of the database: a method and its arguments. */
export type FeedbackMethod = 'add' | 'wait' | 'waiting' | 'count' | 'recent' | 'newest' | 'chunk';
export interface FeedbackTask {
  readonly method: FeedbackMethod;
  readonly args: readonly unknown[];
}

/** What the process is told at its start, as JSON. */
export interface FeedbackSetting {
  readonly path: string;
  readonly bounds: FeedbackBounds;
}

export type FeedbackOutcome =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly message: string; readonly cause?: string };

// The child of feedback-store.ts, and not a thread of it: the library ends its process when it meets bytes in the file
// that it cannot read. And a disk that is slow, or hangs, holds up nobody's prediction.
const { path, bounds } = JSON.parse(process.argv[2]!) as FeedbackSetting;
let database: FeedbackDatabase | undefined;

process.on('message', (tasks: readonly FeedbackTask[] | null) => {
  if (!tasks) return process.disconnect();
  // A parent that is gone asks for no answer.
  return process.send?.(work(tasks), undefined, undefined, () => {});
});
process.on('disconnect', () => database?.close());
// A terminal interrupts its whole group, and a parent has things to keep before it ends; this ends with its parent.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

/** All in one transaction, so that many that come together cost one flush. A task that fails takes no other with it. */
function work(tasks: readonly FeedbackTask[]): FeedbackOutcome[] {
  try {
    database ??= new FeedbackDatabase(path, bounds);
    const open = database;
    const outcomes = open.transaction(() => {
      const attempted = tasks.map((task) => attempt(open, task));
      failpoint('feedback:written');
      return attempted;
    });
    failpoint('feedback:committed');
    return outcomes;
  } catch (error) {
    // After an error of the disk, a file that is opened anew is the only one whose state is known.
    database?.close();
    database = undefined;
    const outcome = unavailable(error as NodeJS.ErrnoException);
    return tasks.map(() => outcome);
  }
}

function attempt(open: FeedbackDatabase, { method, args }: FeedbackTask): FeedbackOutcome {
  try {
    const run = open[method] as (...args: unknown[]) => unknown;
    return { value: open.attempt(() => run.apply(open, [...args])) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** What a client is told by the code of SQLite or of the system; the rest is for the log. */
const REASONS: readonly [code: RegExp, reason: string][] = [
  [/FULL|ENOSPC|EDQUOT/, 'the disk is full'],
  [/READONLY|EROFS|EACCES|EPERM|PERM|AUTH/, 'it may not be written to'],
  [/BUSY|LOCKED/, 'another process holds it'],
  [/CORRUPT|NOTADB/, 'its file is damaged, and must be restored or moved away'],
  [/CANTOPEN|ENOENT|ENOTDIR|EEXIST/, 'its file cannot be opened for writing'],
];

function unavailable({ code = '', message }: NodeJS.ErrnoException): FeedbackOutcome {
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? 'reading or writing failed';
  return {
    code: 'FEEDBACK_UNAVAILABLE',
    message: `feedback cannot be kept or read: ${reason}`,
    cause: `${code} ${message}`,
  };
}
