import { cancelJob, type Epoch, getJob, type Job, jobEventsPath, ServiceError } from './api.js';

/** What is known of a training at a moment. */
export interface JobView {
  readonly id: string;
  readonly epochs: readonly Epoch[];
  /** The training as it ended; null while it runs. */
  readonly end: Job | null;
  /** Most epochs it may have; null before that is known. */
  readonly limit: number | null;
  /** Why nothing more is heard of it. */
  readonly lost: string | null;
}

/** Follows one training: its epochs, those passed too, as they come, and its end. */
export class JobFollower {
  private readonly id: string;
  private readonly onChange: (view: JobView) => void;
  private readonly events: EventSource;
  private epochs: Epoch[] = [];
  private end: Job | null = null;
  private limit: number | null = null;
  private lost: string | null = null;
  private waiting = false;
  private closed = false;

  constructor(id: string, onChange: (view: JobView) => void) {
    this.id = id;
    this.onChange = onChange;
    this.events = new EventSource(jobEventsPath(id));
    // Events begin with the first epoch again, also when the connection was lost and is there again.
    this.events.onopen = () => {
      this.epochs = [];
    };
    this.events.addEventListener('epoch', ({ data }) => {
      this.epochs.push(JSON.parse(data) as Epoch);
      this.tell();
    });
    this.events.addEventListener('end', ({ data }) => {
      this.end = JSON.parse(data) as Job;
      this.events.close();
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
    this.events.close();
  }

  /** A service that was restarted does not know the training any more. */
  private async look(): Promise<void> {
    try {
      const { options } = await getJob(this.id);
      this.limit = options.epochs;
    } catch (error) {
      if (!(error instanceof ServiceError)) return;
      this.events.close();
      this.lost = error.status === 404 ? 'The service was restarted, and with it the training ended.' : error.message;
    }
    this.tell();
  }

  /** Epochs come faster than anybody looks: once per frame is enough. */
  private tell(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      const { id, epochs, end, limit, lost } = this;
      if (!this.closed) this.onChange({ id, epochs: epochs.slice(), end, limit, lost });
    });
  }
}
