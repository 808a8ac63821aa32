import { EventEmitter } from 'node:events';

type Detail = Readonly<Record<string, string | number | boolean | null>>;

/** A change that the service makes by itself, which no request asked for. */
export interface OwnChange {
  readonly action: 'train' | 'upload' | 'activate' | 'delete' | 'baseline' | 'keys-read';
  /** The number of a version; null if it has none yet. */
  readonly target: string | null;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly detail: Detail;
}

/** Announces what the service changes by itself, for the audit log. */
export class OwnChanges extends EventEmitter<{ change: [OwnChange] }> {
  private readonly running = new Set<Promise<unknown>>();

  /**
   * Makes a change, and announces it before it is begun and with its outcome. Resolves or rejects as `make` does. `resultOf` returns
   * what came of it; `detail` says why it is made.
   */
  async record<Result>(
    action: OwnChange['action'],
    target: string | null,
    detail: Detail,
    make: () => Promise<Result>,
    resultOf: (result: Result) => Detail = () => ({}),
  ): Promise<Result> {
    this.emit('change', { action, target, outcome: 'begun', detail });
    try {
      const result = await make();
      this.done(action, target, { ...detail, ...resultOf(result) });
      return result;
    } catch (error) {
      const { code = 'INTERNAL' } = error as { code?: string };
      this.emit('change', { action, target, outcome: 'failed', detail: { ...detail, failed: code } });
      throw error;
    }
  }

  /** Announces a change that has been made. */
  done(action: OwnChange['action'], target: string | null, detail: Detail): void {
    this.emit('change', { action, target, outcome: 'done', detail });
  }

  /** Lets {@link settled} wait for work that makes changes, and never rejects. */
  follow(work: Promise<void>): void {
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  /** Resolves when the work that is followed has ended. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
