import { cancelJob, type Epoch, getJob, type Job, jobEventsPath, ServiceError } from '../client/api.js';

/** What is known of a training at a moment. */
export interface JobView {
  readonly id: string;
  /** The epochs that have ended; of many, every second, fourth, and so on, and the latest. */
  readonly epochs: readonly Epoch[];
  /** The one with the least prediction error on held-out rows. */
  readonly best: Epoch | null;
  /** The training as it ended; null while it runs. */
  readonly end: Job | null;
  /** Its version answers beside the serving one; null if it does not, or not yet. */
  readonly shadow: Job['shadow'];
  /** Most epochs it may have; null before that is known. */
  readonly limit: number | null;
  /** Why nothing more is heard of it. */
  readonly lost: string | null;
}

/** Epochs that a picture can show; there may be a hundred thousand. */
const MAX_EPOCHS = 1000;
/** They come faster than anybody looks: news is told this often, in milliseconds. */
const PAUSE = 200;
/** After this time without an epoch the training is asked what it does, in milliseconds. */
const SILENCE = 2000;

/** Follows one training: its epochs, those passed too, as they come, and its end. */
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
  private silence: ReturnType<typeof setTimeout> | undefined;
  private waiting = false;
  private closed = false;

  constructor(id: string, onChange: (view: JobView) => void) {
    this.id = id;
    this.onChange = onChange;
    this.events = new EventSource(jobEventsPath(id));
    // Events begin with the first epoch again, also when the connection was lost and is there again.
    this.events.onopen = () => {
      this.epochs = [];
      this.best = null;
      this.stride = 1;
    };
    this.events.addEventListener('epoch', ({ data }) => {
      this.add(JSON.parse(data) as Epoch);
      this.listen();
      this.tell();
    });
    this.events.addEventListener('end', ({ data }) => {
      this.end = JSON.parse(data) as Job;
      this.shadow = this.end.shadow;
      this.stop();
      this.tell();
    });
    this.events.onerror = () => void this.look();
    void this.look();
  }

  /** Cancels the training; its end is told as any other. */
  async cancel(): Promise<void> {
    await cancelJob(this.id);
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private stop(): void {
    this.events.close();
    clearTimeout(this.silence);
  }

  private listen(): void {
    clearTimeout(this.silence);
    if (this.events.readyState !== EventSource.CLOSED) this.silence = setTimeout(() => void this.look(), SILENCE);
  }

  private add(epoch: Epoch): void {
    this.latest = epoch;
    if (!this.best || epoch.val_prediction_error < this.best.val_prediction_error) this.best = epoch;
    if ((epoch.epoch - 1) % this.stride !== 0) return;
    this.epochs.push(epoch);
    if (this.epochs.length < MAX_EPOCHS) return;
    this.stride *= 2;
    this.epochs = this.epochs.filter((kept) => (kept.epoch - 1) % this.stride === 0);
  }

  /** A service that was restarted does not know the training any more. */
  private async look(): Promise<void> {
    try {
      const { options, shadow } = await getJob(this.id);
      this.limit = options.epochs;
      if (!this.end) this.shadow = shadow;
      this.listen();
    } catch (error) {
      if (!(error instanceof ServiceError)) return;
      this.stop();
      this.lost = error.status === 404 ? 'The service was restarted, and with it the training ended.' : error.message;
    }
    this.tell();
  }

  private tell(): void {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      const { id, latest, best, end, limit, shadow, lost } = this;
      const epochs = latest && latest !== this.epochs.at(-1) ? [...this.epochs, latest] : [...this.epochs];
      if (!this.closed) this.onChange({ id, epochs, best, end, limit, shadow, lost });
    }, PAUSE);
  }
}
