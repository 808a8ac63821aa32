import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';

/** Logs failures of the feedback database at the 1st, 2nd, 4th, 8th … time: predictions may use it many times a second. */
export class FailureLog {
  private readonly log: Pick<Logger, 'error'>;
  private failures = 0;

  constructor(log: Pick<Logger, 'error'>) {
    this.log = log;
  }

  /** Returns what `work` resolves to, and rejects as it does. Errors of the request are not logged. */
  async watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'FEEDBACK_UNAVAILABLE') {
        const failures = ++this.failures;
        if ((failures & (failures - 1)) === 0) this.log.error({ err: error, failures }, 'feedback failed');
      }
      throw error;
    }
  }
}
