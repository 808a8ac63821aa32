import { cancelJob, type Epoch, getJob, type Job, jobEventsPath, ServiceError } from '../client/api.js';

/** The state of a training as the page knows it. */
export interface JobView {
  readonly id: string;
  /** Finished epochs. If there are many: every second, fourth and so on, and the latest. */
  readonly epochs: readonly Epoch[];
  /** The epoch with the smallest prediction error on held-out rows. */
  readonly best: Epoch | null;
  /** The final state; null while the training runs. */
  readonly end: Job | null;
  /** Progress of the new version in the shadow of the serving one; null outside the shadow phase. */
  readonly shadow: Job['shadow'];
  /** Maximum number of epochs; null until known. */
  readonly limit: number | null;
  /** Why the page can no longer follow the training. */
  readonly lost: string | null;
}

/** Maximum number of epochs in the chart. A training may have 100,000. */
const MAX_EPOCHS = 1000;
/** Minimum time between updates of the view, in milliseconds: epochs may arrive much faster. */
const UPDATE_INTERVAL = 200;
/** Time without an epoch after which the job is polled, in milliseconds. */
const POLL_DELAY = 2000;

/** Follows one training through its events: all epochs, including past ones, and the end. */
export class JobFollower {
  private readonly id: string;
  private readonly onChange: (view: JobView) => void;
  private readonly events: EventSource;
  private epochs: Epoch[] = [];
  private latest: Epoch | null = null;
  private best: Epoch | null = null;
  private stride = 1;
  private end: Job | null = null;
  private limit: number | null = null;
  private shadow: Job['shadow'] = null;
  private lost: string | null = null;
  private pollTimer: ReturnType<typeof setTimeout> | undefined;
  private waiting = false;
  private closed = false;

  constructor(id: string, onChange: (view: JobView) => void) {
    this.id = id;
    this.onChange = onChange;
    this.events = new EventSource(jobEventsPath(id));
    // After a reconnect, the events start again from the first epoch.
    this.events.onopen = () => {
      this.epochs = [];
      this.best = null;
      this.stride = 1;
    };
    this.events.addEventListener('epoch', ({ data }) => {
      this.add(JSON.parse(data) as Epoch);
      this.schedulePoll();
      this.notify();
    });
    this.events.addEventListener('end', ({ data }) => {
      this.end = JSON.parse(data) as Job;
      this.shadow = this.end.shadow;
      this.stop();
      this.notify();
    });
    this.events.onerror = () => void this.poll();
    void this.poll();
  }

  /** Cancels the training. Its end is reported like any other. */
  async cancel(): Promise<void> {
    await cancelJob(this.id);
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private stop(): void {
    this.events.close();
    clearTimeout(this.pollTimer);
  }

  private schedulePoll(): void {
    clearTimeout(this.pollTimer);
    if (this.events.readyState !== EventSource.CLOSED) this.pollTimer = setTimeout(() => void this.poll(), POLL_DELAY);
  }

  private add(epoch: Epoch): void {
    this.latest = epoch;
    if (!this.best || epoch.val_prediction_error < this.best.val_prediction_error) this.best = epoch;
    if ((epoch.epoch - 1) % this.stride !== 0) return;
    this.epochs.push(epoch);
    if (this.epochs.length < MAX_EPOCHS) return;
    this.stride *= 2;
    this.epochs = this.epochs.filter(({ epoch }) => (epoch - 1) % this.stride === 0);
  }

  /** Reads the job, which a restarted service no longer has. */
  private async poll(): Promise<void> {
    try {
      const { options, shadow } = await getJob(this.id);
      this.limit = options.epochs;
      if (!this.end) this.shadow = shadow;
      this.schedulePoll();
    } catch (error) {
      if (!(error instanceof ServiceError)) return;
      this.stop();
      this.lost = error.status === 404 ? 'The service was restarted, which ended the training.' : error.message;
    }
    this.notify();
  }

  private notify(): void {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      const { id, latest, best, end, limit, shadow, lost } = this;
      const epochs = latest && latest !== this.epochs.at(-1) ? [...this.epochs, latest] : [...this.epochs];
      if (!this.closed) this.onChange({ id, epochs, best, end, limit, shadow, lost });
    }, UPDATE_INTERVAL);
  }
}
