import type { Logger } from 'pino';
import { AuditFile } from './audit-file.js';
import { AuditLog } from './audit-log.js';
import { AuditStream, type LineOutput } from './audit-stream.js';

/**
 * Opens the audit log that `AUDIT_LOG` names: `stdout`, or a path; undefined for `off`. A file that cannot be written is logged, and
 * changes are refused until it can.
 */
export async function createAudit(
  setting: string,
  output: LineOutput,
  log: Pick<Logger, 'error' | 'info'>,
): Promise<AuditLog | undefined> {
  if (setting === 'off') return undefined;
  const audit = new AuditLog(setting === 'stdout' ? new AuditStream(output) : new AuditFile(setting), log);
  await audit.probe();
  return audit;
}
