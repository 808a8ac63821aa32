import { userInfo } from 'node:os';
import { DomainError } from '../../base/domain-error.js';
import type { AuditEvent } from '../../server/audit/audit-event.js';
import { AuditFile } from '../../server/audit/audit-file.js';
import { AuditStream } from '../../server/audit/audit-stream.js';

/**
 * Makes a change of the keys, and records it in the service's audit log (`AUDIT_LOG`) before and after: with `stdout`, on standard error,
 * because standard output is the key's. `id` returns the key that was changed. Rejects with `AUDIT_UNAVAILABLE` before the change if
 * it cannot be recorded, and with what `change` throws. If only the outcome cannot be recorded, it says so on standard error.
 */
export async function auditKeyChange<Result>(
  event: Pick<AuditEvent, 'action' | 'target' | 'detail'>,
  change: () => Result,
  id: (result: Result) => string | null,
): Promise<Result> {
  const setting = process.env['AUDIT_LOG'] || 'off';
  if (setting === 'off') return change();
  const log =
    setting === 'stdout'
      ? new AuditStream({ dropped: 0, write: (line) => process.stderr.write(line) })
      : new AuditFile(setting);
  const actor = { who: `user:${userName()}`, kind: 'command', from: null };
  try {
    await log.append([{ ...event, ...actor, outcome: 'begun' }]).catch((cause: Error) => {
      const message = `AUDIT_LOG=${setting} cannot be written, and no key is changed without it: ${cause.message}`;
      throw new DomainError('AUDIT_UNAVAILABLE', message, { cause });
    });
    let target = event.target;
    let outcome: 'done' | 'failed' = 'failed';
    try {
      const result = change();
      target = id(result) ?? target;
      outcome = 'done';
      return result;
    } finally {
      // The change has been made: a new key must be printed even if this fails.
      await log.append([{ ...event, ...actor, target, outcome }]).catch(({ message }: Error) => {
        console.error(`keys: AUDIT_LOG=${setting} cannot be written, so the outcome is not recorded: ${message}`);
      });
    }
  } finally {
    await log.close();
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user has no name on this machine, as in most containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
