import type { AuditEvent } from './audit-event.js';
import type { ChainHead } from './audit-line.js';

/** Where entries go. One call of `append` at a time. */
export interface AuditDestination {
  /** Chains events to what is there. Resolves with the new end when they will stay; rejects if they will not. */
  append(events: readonly AuditEvent[]): Promise<ChainHead>;
  close(): Promise<void>;
}
