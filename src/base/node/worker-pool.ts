import { WorkerThread, type WorkerThreadOptions } from './worker-thread.js';

/** Threads that run the functions of a built file (see `workerTask`), each one task at a time. A thread starts with its first task. */
export class WorkerPool {
  private readonly threads: readonly WorkerThread[];
  private readonly idle: WorkerThread[];
  /** Tasks that wait for a thread, in the order in which they came. */
  private readonly waiting: ((thread: WorkerThread) => void)[] = [];

  constructor(file: string, size: number, options: WorkerThreadOptions = {}) {
    this.threads = Array.from({ length: size }, () => new WorkerThread(file, options));
    this.idle = this.threads.toReversed();
  }

  get size(): number {
    return this.threads.length;
  }

  /** Runs the exported function `name` with `task` in the next thread that is idle. Rejects with the error of this task alone. */
  async run<T>(name: string, task: unknown): Promise<T> {
    const thread = this.idle.pop() ?? (await new Promise<WorkerThread>((resolve) => this.waiting.push(resolve)));
    try {
      return await thread.run<T>(name, task);
    } finally {
      const next = this.waiting.shift();
      if (next) next(thread);
      else this.idle.push(thread);
    }
  }

  /** Ends the threads. Tasks that are running or waiting are rejected. */
  async close(): Promise<void> {
    // A thread that has been closed rejects them.
    for (const run of this.waiting.splice(0)) run(this.threads[0]!);
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
