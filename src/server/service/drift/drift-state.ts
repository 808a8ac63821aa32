import type { FastifyBaseLogger } from 'fastify';
import type { FileStore } from '../../../model/store/file-store.js';

/** What is saved: the monitor of the traffic, or that of the prediction errors. */
interface Saved {
  readonly counters: { readonly rows: number };
  state(): unknown;
  /** Returns false if the state lacks what earlier releases did not store. */
  restore(state: unknown): unknown;
}

/** A monitor's state in the store. */
export class DriftState {
  private readonly store: FileStore;
  private readonly log: FastifyBaseLogger;
  private readonly name: string;
  /** The monitor's rows when it was saved; undefined if it must be saved even without new rows. */
  private savedRows: number | undefined = 0;
  private writing: Promise<void> = Promise.resolve();

  /** `name`: of the document. */
  constructor(store: FileStore, log: FastifyBaseLogger, name: string) {
    this.store = store;
    this.log = log;
    this.name = name;
  }

  /** Restores the stored state if it has the monitor's baseline. */
  async restore(monitor: Saved): Promise<void> {
    const content = await this.store.readDocument(this.name);
    if (content === undefined) return;
    try {
      if (monitor.restore(JSON.parse(content)) === false)
        this.log.info('the stored drift state is of an earlier release: how rows depend on each other is learned anew');
    } catch (error) {
      this.log.info({ reason: (error as Error).message }, 'the stored drift state does not fit and is not restored');
    }
  }

  /** Expects a monitor that has just been restored: its state is saved once it has counted rows. */
  expectRestored(): void {
    this.savedRows = 0;
  }

  /** Saves the state at the next `save` even without new rows. */
  invalidate(): void {
    this.savedRows = undefined;
  }

  /** Writes the state if there are new rows, one write at a time. */
  save(monitor: Saved | undefined): Promise<void> {
    if (!monitor || monitor.counters.rows === this.savedRows) return this.writing;
    this.savedRows = monitor.counters.rows;
    this.writing = this.writing
      .then(() => this.store.writeDocument(this.name, JSON.stringify(monitor.state())))
      .catch((err: unknown) => this.log.error({ err }, 'the drift state could not be saved'));
    return this.writing;
  }
}
