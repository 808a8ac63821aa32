import { availableParallelism } from 'node:os';
import { usableMemory } from '../../../base/node/memory-limits.js';
import { WorkerPool } from '../../../base/node/worker-pool.js';
import type { EngineName } from '../../engines/load-engine.js';
import type { EngineFactory } from '../../network/engine.js';
import { type FoldResult, type FoldTask, runFold } from './fold-task.js';
import type { SharedTable } from './shared-table.js';

/** What a thread needs beside the rows that it trains on, in bytes: its heap, the program, and the network's weights. */
const THREAD_BYTES = 2 ** 26;
/** Rows that are encoded at once, at most, and inputs of a row, at most: those of the linear start. */
const ENCODED_ROWS = 20_000;
const ENCODED_INPUTS = 1000;
/** Inputs of a category, at most, and of another column, as a bound of what its rows take once they are encoded. */
const CATEGORY_INPUTS = 256;
const NUMBER_INPUTS = 4;
/** Bytes of usable memory below which there are no threads. */
const LEAST_MEMORY = 384 * 2 ** 20;

/** Part of the memory that this process may use, for all threads. */
const MEMORY_SHARE = 0.25;

/**
 * Trains on parts of one table, as many at once as there are processors, within the memory. The threads have a lower priority than
 * those that answer requests. The result of a task does not depend on the number of threads.
 */
export class TrainingPool {
  private readonly engine: EngineName;
  private readonly createEngine: EngineFactory;
  private readonly table: SharedTable;
  private readonly threads: WorkerPool | undefined;
  private last: Promise<unknown> = Promise.resolve();

  /** `size` is the number of threads, by default what processors and memory allow. TensorFlow.js runs in this thread alone. */
  constructor(engine: EngineName, createEngine: EngineFactory, table: SharedTable, size = threadsFor(table)) {
    this.engine = engine;
    this.createEngine = createEngine;
    this.table = table;
    if (size > 0 && (engine === 'auto' || engine === 'kernel')) this.threads = new WorkerPool('fold-worker.js', size);
  }

  /** Trainings that run at once. */
  get size(): number {
    return this.threads?.size ?? 1;
  }

  /**
   * Trains on some rows of the table, and predicts others. Rejects with what `runFold` throws, and with an error if the thread died,
   * or the pool was closed.
   */
  run(fold: Omit<FoldTask, 'engine' | 'table'>): Promise<FoldResult> {
    const task: FoldTask = { ...fold, engine: this.engine, table: this.table };
    if (this.threads) return this.threads.run<FoldResult>('predictFold', task);
    const result = this.last.then(() => runFold(this.createEngine, task));
    this.last = result.catch(() => {});
    return result;
  }

  /** Ends the threads. Tasks that are running or waiting are rejected. */
  async close(): Promise<void> {
    await this.threads?.close();
  }
}

/** Returns how many trainings on a table may run at once. */
export function threadsFor({ rows, width, targetNames, columns }: SharedTable, memory = usableMemory()): number {
  // Beside a service with so little, a thread's own heap would be too much: its work is done by the process.
  if (memory < LEAST_MEMORY) return 0;
  const inputs = columns
    ? columns.reduce((sum, column) => sum + (column.type === 'category' ? CATEGORY_INPUTS : NUMBER_INPUTS), 0)
    : width;
  // The rows and those held out of them; their inputs for the linear start, and the copy from which the head is fitted.
  const numbers =
    2 * rows * (width + targetNames.length) + 2 * Math.min(rows, ENCODED_ROWS) * Math.min(inputs, ENCODED_INPUTS);
  const bytes = THREAD_BYTES + Float32Array.BYTES_PER_ELEMENT * numbers;
  return Math.max(1, Math.min(availableParallelism(), Math.floor((MEMORY_SHARE * memory) / bytes)));
}
