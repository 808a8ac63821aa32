import type { AuditDestination } from './audit-destination.js';
import type { AuditEvent } from './audit-event.js';
import { type ChainHead, EMPTY_CHAIN, formatLine } from './audit-line.js';

/** Where log lines go: a line that it does not take is counted in `dropped`. */
export interface LineOutput {
  readonly dropped: number;
  write(line: string): void;
}

/**
 * Writes entries between the lines of the log, for a collector that stores them. Each start begins a chain. Whether they are durable
 * is the collector's affair; an entry that the output does not take is a failure.
 */
export class AuditStream implements AuditDestination {
  private readonly output: LineOutput;
  private head = EMPTY_CHAIN;

  constructor(output: LineOutput) {
    this.output = output;
  }

  async append(events: readonly AuditEvent[]): Promise<ChainHead> {
    const { dropped } = this.output;
    for (const event of events) {
      const { text, head } = formatLine(event, this.head, new Date());
      this.output.write(`${text}\n`);
      if (this.output.dropped > dropped) throw new Error('standard output does not take the entry');
      this.head = head;
    }
    return this.head;
  }

  async close(): Promise<void> {}
}
