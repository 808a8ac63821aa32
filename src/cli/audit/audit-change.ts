import { userInfo } from 'node:os';
import { DomainError } from '../../base/domain-error.js';
import type { AuditEvent } from '../../server/audit/audit-event.js';
import { AuditFile } from '../../server/audit/audit-file.js';
import { AuditStream } from '../../server/audit/audit-stream.js';

/**
 * Makes a change, and records it in the service's audit log before and after. `setting` is `AUDIT_LOG`: with `stdout`, the entries go to
 * standard error, because standard output is the command's. `id` returns what was changed. Rejects with `AUDIT_UNAVAILABLE` before the
 * change if it cannot be recorded (`otherwise` is what does not happen then), and with what `change` throws. If only the outcome cannot
 * be recorded, it says so on standard error.
 */
export async function auditChange<Result>(
  setting: string,
  event: Pick<AuditEvent, 'action' | 'target' | 'detail'>,
  otherwise: string,
  change: () => Result | Promise<Result>,
  id: (result: Result) => string | null = () => null,
): Promise<Result> {
  if (setting === 'off') return change();
  const log =
    setting === 'stdout'
      ? new AuditStream({ dropped: 0, write: (line) => process.stderr.write(line) })
      : new AuditFile(setting);
  const actor = { who: `user:${userName()}`, kind: 'command', from: null };
  try {
    await log.append([{ ...event, ...actor, outcome: 'begun' }]).catch((cause: Error) => {
      const message = `AUDIT_LOG=${setting} cannot be written, and ${otherwise} without it: ${cause.message}`;
      throw new DomainError('AUDIT_UNAVAILABLE', message, { cause });
    });
    let target = event.target;
    let outcome: 'done' | 'failed' = 'failed';
    try {
      const result = await change();
      target = id(result) ?? target;
      outcome = 'done';
      return result;
    } finally {
      // The change has been made: a new key must be printed even if this fails.
      await log.append([{ ...event, ...actor, target, outcome }]).catch(({ message }: Error) => {
        console.error(`AUDIT_LOG=${setting} cannot be written, so the outcome is not recorded: ${message}`);
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
