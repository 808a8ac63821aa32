import { Counter, Gauge, type Registry } from 'prom-client';
import type { AuditLog } from '../audit/audit-log.js';

/** Registers whether the audit log can be written. One that is off refuses nothing. */
export function registerAuditMetrics(registry: Registry, audit: AuditLog | undefined): void {
  const registers = [registry];
  new Gauge({
    name: 'audit_writable',
    help: '1 if the latest attempt to write to the audit log succeeded; 0 if changes are refused because it cannot be written',
    registers,
    collect() {
      this.set(audit && !audit.isWritable ? 0 : 1);
    },
  });
  new Counter({
    name: 'audit_entries_total',
    help: 'Entries written to the audit log',
    registers,
    collect() {
      this.reset();
      if (audit) this.inc(audit.entries);
    },
  });
  new Counter({
    name: 'audit_failures_total',
    help: 'Failed attempts to write to the audit log',
    registers,
    collect() {
      this.reset();
      if (audit) this.inc(audit.failures);
    },
  });
}
