import { DomainError } from '../../base/domain-error.js';
import { failpoint } from '../../base/files/failpoint.js';
import { takeInspectorSignal } from '../../base/node/inspector-signal.js';
import { FeedbackDatabase } from './feedback-database.js';
import type { FeedbackOutcome, FeedbackTask } from './feedback-messages.js';
import type { FeedbackBounds } from './feedback-pruning.js';

// The child process of feedback-store.ts. It is not a thread, because the library exits the process if the file holds bytes
// it cannot read. And a slow or hanging disk delays no prediction.
const setting = JSON.parse(process.argv[2]!) as [path: string, bounds: FeedbackBounds];
let database: FeedbackDatabase | undefined;

takeInspectorSignal();
process.on('message', (tasks: readonly FeedbackTask[] | null) => {
  if (!tasks) return process.disconnect();
  // If the parent has exited, nothing needs the answer.
  return process.send?.(work(tasks), undefined, undefined, () => {});
});
process.on('disconnect', () => database?.close());
// A terminal interrupts the whole process group, but the parent may still have rows to store: this process ends with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

/** Runs all tasks in one transaction, at the cost of one flush. A task that fails does not affect the others. */
function work(tasks: readonly FeedbackTask[]): FeedbackOutcome[] {
  try {
    database ??= new FeedbackDatabase(...setting);
    if (!database.isInPlace) {
      // Rows written to it now would be lost to every reader of the path.
      database.close();
      database = new FeedbackDatabase(...setting);
    }
    const open = database;
    const outcomes = open.transaction(() => {
      const attempted = tasks.map((task) => attempt(open, task));
      failpoint('feedback:written');
      return attempted;
    });
    failpoint('feedback:committed');
    return outcomes;
  } catch (error) {
    // After a disk error the state of the open file is unknown: the next task opens it anew.
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

/** Reasons sent to clients, by the error code of SQLite or of the system. Details are for the log only. */
const REASONS: readonly [code: RegExp, reason: string][] = [
  [/FULL|ENOSPC|EDQUOT/, 'the disk is full'],
  [/READONLY|EROFS|EACCES|EPERM|PERM|AUTH/, 'it is not writable'],
  [/BUSY|LOCKED/, 'another process has locked it'],
  [/CORRUPT|NOTADB/, 'its file is damaged and must be restored or moved away'],
  [/CANTOPEN|ENOENT|ENOTDIR|EEXIST/, 'its file cannot be opened for writing'],
];

function unavailable({ code = '', message }: NodeJS.ErrnoException): FeedbackOutcome {
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1] ?? 'reading or writing failed';
  return {
    code: 'FEEDBACK_UNAVAILABLE',
    message: `feedback cannot be stored or read: ${reason}`,
    cause: `${code} ${message}`,
  };
}
