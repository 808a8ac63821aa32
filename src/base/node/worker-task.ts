import { move, transferableSymbol, valueSymbol } from 'piscina';
import { DomainError, type ErrorCode } from '../domain-error.js';
import { storageError } from '../files/storage-error.js';

/** Result of a task on its way to the parent. Cloned between threads, an error would lose its class and its code. */
export type WorkerResult<T> = { readonly value: T } | { readonly code: ErrorCode; readonly message: string };

/**
 * Wraps a function that a worker file exports, asynchronous or not, for `WorkerThread.run`. The memory of `transfer(value)` is moved to the
 * parent instead of copied. An error that is neither a `DomainError` nor one of the disk
 * rejects the task as it is.
 */
export function workerTask<Task, Value>(
  work: (task: Task) => Value | Promise<Value>,
  transfer: (value: Value) => readonly ArrayBufferView[] = () => [],
): (task: Task) => Promise<unknown> {
  return async (task) => {
    try {
      const value = await work(task);
      const result: WorkerResult<Value> = { value };
      return move({ [transferableSymbol]: transfer(value).map(({ buffer }) => buffer), [valueSymbol]: result });
    } catch (error) {
      const known = error instanceof DomainError ? error : storageError(error);
      if (!known) throw error;
      return { code: known.code, message: known.message } satisfies WorkerResult<Value>;
    }
  };
}
