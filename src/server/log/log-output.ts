import { write, writeSync } from 'node:fs';

/** Standard output. Node.js makes a pipe or a socket non-blocking when `process.stdout` is first read. */
export const STDOUT = 1;
/** Maximum characters that wait for the destination, those being written included. */
const MAX_WAITING = 2 ** 20;
/** Milliseconds until the next attempt if the destination is full, such as a pipe that is read slowly. */
const FULL_PAUSE = 20;
/** Milliseconds until the next attempt after any other error, such as a full disk or a closed terminal. */
const ERROR_PAUSE = 1000;
const NEWLINE = 10;

/**
 * Writes log lines to a file descriptor. Never blocks the caller, never throws, and holds a bounded number of characters: lines
 * that the destination does not accept are dropped and counted. Order is preserved.
 *
 * A file, whose disk may be slow, is written by a thread of Node's pool. A descriptor that could block that thread for ever,
 * and with it the exit of the process, must be non-blocking: a pipe, a socket or a terminal.
 */
export class LogOutput {
  /** Lines dropped so far. */
  dropped = 0;
  /** Called when the destination accepts lines again, with the number of lines dropped since the last call. */
  onRecovery: (dropped: number) => void = () => {};
  private readonly descriptor: number;
  private lines: string[] = [];
  private length = 0;
  /** Bytes that are being written, or are to be written next. */
  private batch: Buffer = Buffer.alloc(0);
  private state: 'idle' | 'writing' | 'pausing' = 'idle';
  /** The destination ends within a line. */
  private torn = false;
  private reported = 0;
  private drained: (() => void) | undefined;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** Takes one line, which ends with a newline character. */
  write(line: string): void {
    if (this.length + line.length > MAX_WAITING) {
      this.dropped++;
      return;
    }
    this.lines.push(line);
    this.length += line.length;
    if (this.state === 'idle') this.next();
  }

  /** Resolves when no line waits any more, at the latest after `patience` milliseconds. */
  async drain(patience: number): Promise<void> {
    if (this.state === 'idle') return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.drained = resolve;
      timer = setTimeout(resolve, patience);
    });
    clearTimeout(timer);
  }

  /** Writes what it can at once, for the end of the process. A batch that the pool is writing will still be written. */
  flush(): void {
    try {
      if (this.state !== 'writing') writeSync(this.descriptor, this.batch);
      writeSync(this.descriptor, this.lines.join(''));
    } catch {
      // The process ends: the lines are lost.
    }
  }

  private next(): void {
    if (this.batch.length === 0) {
      if (this.lines.length === 0) {
        this.state = 'idle';
        this.drained?.();
        return;
      }
      this.batch = Buffer.from(`${this.torn ? '\n' : ''}${this.lines.join('')}`);
      this.length = this.batch.length;
      this.lines = [];
      this.torn = false;
    }
    this.state = 'writing';
    write(this.descriptor, this.batch, this.onWritten);
  }

  private readonly onWritten = (error: NodeJS.ErrnoException | null, written: number): void => {
    if (error) {
      this.onError(error);
      return;
    }
    this.torn = this.batch[written - 1] !== NEWLINE;
    this.length -= written;
    this.batch = this.batch.subarray(written);
    if (this.batch.length === 0 && this.dropped > this.reported) {
      const dropped = this.dropped - this.reported;
      this.reported = this.dropped;
      this.onRecovery(dropped);
    }
    this.next();
  };

  private onError({ code }: NodeJS.ErrnoException): void {
    const full = code === 'EAGAIN';
    if (!full) {
      for (const byte of this.batch) if (byte === NEWLINE) this.dropped++;
      this.length -= this.batch.length;
      this.batch = Buffer.alloc(0);
    }
    this.state = 'pausing';
    setTimeout(() => this.next(), full ? FULL_PAUSE : ERROR_PAUSE).unref();
  }
}
