import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';

/** Returns what the passed promise resolves to, and rejects as it does. Errors of the request are not logged. */
export type FailureWatch = <T>(work: Promise<T>) => Promise<T>;

/**
 * Counts failures of the feedback database, and logs them at the 1st, 2nd, 4th, 8th … time: predictions may use it many times
 * a second.
 */
export function watchFailures(log: Pick<Logger, 'error'>, onFailure: (failures: number) => void): FailureWatch {
  let failures = 0;
  return async (work) => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'FEEDBACK_UNAVAILABLE') {
        onFailure(++failures);
        if ((failures & (failures - 1)) === 0) log.error({ err: error, failures }, 'feedback failed');
      }
      throw error;
    }
  };
}
