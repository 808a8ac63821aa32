import { DomainError } from '../../base/domain-error.js';
import { type Destination, openDestination } from '../terminal/destination.js';
import { csvLine } from './csv-writer.js';
import type { RefusedRow } from './row-blocks.js';

/** Rejected rows that are buffered before they are written. */
const BUFFERED = 1000;

/** The rows that cannot be predicted: a CSV with their number, their line in a file of text, and the reason. */
export class Rejects implements Disposable {
  count = 0;
  private readonly file: Destination | undefined;
  private lines: string[] = [csvLine(['row', 'line', 'reason'])];

  /** Without a path, the first rejected row is an error. */
  constructor(path: string | undefined) {
    this.file = path === undefined ? undefined : openDestination(path);
  }

  /** Throws `INVALID_ROWS` if there may be no rejected rows. */
  add({ row, line, reason }: RefusedRow): void {
    const { file } = this;
    if (!file) {
      const advice = '--rejects FILE writes such rows to a file and goes on with the others';
      throw new DomainError('INVALID_ROWS', `${reason}; ${advice}`);
    }
    this.count++;
    this.lines.push(csvLine([row, line ?? '', reason]));
    if (this.lines.length >= BUFFERED) void file.write(this.take());
  }

  async commit(): Promise<void> {
    await this.file?.write(this.take());
    await this.file?.commit();
  }

  [Symbol.dispose](): void {
    this.file?.[Symbol.dispose]();
  }

  private take(): string {
    const text = this.lines.join('');
    this.lines = [];
    return text;
  }
}
