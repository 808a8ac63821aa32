import type { AuditEvent } from './audit-event.js';
import type { AuditLog } from './audit-log.js';

/** Milliseconds that one entry sums up. */
const PERIOD = 60_000;
/** Entries of a period: of what exceeds them, the address and the target are left out. */
const MAX_ENTRIES = 100;

export type Summarized = Omit<AuditEvent, 'count' | 'since' | 'outcome' | 'request_id'>;

/**
 * Sums up what a client can repeat at will, such as failed authentications: one entry a minute for each kind of them, so that a
 * flood fills no disk.
 */
export class AuditSummaries {
  private readonly audit: Pick<AuditLog, 'end'>;
  private counts = new Map<string, { readonly event: Summarized; readonly since: string; count: number }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(audit: Pick<AuditLog, 'end'>) {
    this.audit = audit;
  }

  /** Counts one. */
  add(event: Summarized): void {
    let key = JSON.stringify(event);
    let counted = event;
    if (!this.counts.has(key) && this.counts.size >= MAX_ENTRIES) {
      counted = { ...event, target: null, who: 'others', from: null };
      key = JSON.stringify(counted);
    }
    const known = this.counts.get(key);
    if (known) known.count++;
    else this.counts.set(key, { event: counted, since: new Date().toISOString(), count: 1 });
    this.timer ??= setTimeout(() => void this.write(), PERIOD).unref();
  }

  /** Writes what has been counted. */
  async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const counts = Array.from(this.counts.values());
    this.counts = new Map();
    await Promise.all(
      counts.map(({ event, since, count }) => this.audit.end({ ...event, outcome: 'summary', count, since })),
    );
  }
}
