import {
  type Drift,
  getDrift,
  getHistory,
  getMetrics,
  getModel,
  getReady,
  type Model,
  type Point,
  ServiceError,
} from './api.js';
import { type Traffic, TrafficMeter } from './traffic.js';

/** The state of the service as the page knows it. */
export interface Snapshot {
  readonly connection: 'connecting' | 'live' | 'lost';
  /** Why the service is not ready; null if it is, or before the first reply. */
  readonly notReady: string | null;
  readonly model: Model | null;
  readonly drift: Drift | null;
  /** Why drift monitoring is off; null if it is on. */
  readonly driftOff: string | null;
  /** Points of the last hour, oldest first. */
  readonly points: readonly Point[];
  readonly traffic: Traffic | null;
}

/** The snapshot before the first reply. */
export const UNKNOWN: Snapshot = {
  connection: 'connecting',
  notReady: null,
  model: null,
  drift: null,
  driftOff: null,
  points: [],
  traffic: null,
};

interface Progress {
  readonly model_version?: string;
  readonly rows?: number;
  readonly repeated_rows?: number;
  readonly compared_rows?: number | null;
  readonly reason?: string;
  readonly point?: Point | null;
}

/** Delay before reconnecting, in milliseconds. */
const RETRY_DELAY = 2000;
/** Time in which alarms count as one change, in milliseconds. */
const BURST = 100;
const HOUR = 3_600_000;
/** Minimum time between scrapes, in milliseconds: a scrape is too expensive for the service to repeat at each event. */
const SCRAPE_INTERVAL = 9000;

/** Follows the service: listens to its events and reads what they report as changed. Reconnects after a restart. */
export class Live {
  private snapshot = UNKNOWN;
  private readonly onChange: (snapshot: Snapshot) => void;
  private readonly scrapes: boolean;
  private meter = new TrafficMeter();
  private scrapedAt = Number.NEGATIVE_INFINITY;
  private events: EventSource | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private due: ReturnType<typeof setTimeout> | undefined;

  /** With `scrapes`, metrics are read as well. */
  constructor(onChange: (snapshot: Snapshot) => void, scrapes: boolean) {
    this.onChange = onChange;
    this.scrapes = scrapes;
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.events) void this.refresh();
    });
    void this.connect();
  }

  /** Reads everything again, for example after this page has changed something. */
  async refresh(): Promise<void> {
    await this.read().catch(() => this.lose());
  }

  private async connect(): Promise<void> {
    try {
      await this.read();
      const { points } = await getHistory();
      this.set({ points: merge(this.snapshot.points, points) });
    } catch {
      this.lose();
      return;
    }
    if (!this.snapshot.drift) {
      // Drift events are unavailable until a model serves.
      this.retryLater();
      return;
    }
    this.events?.close();
    const events = new EventSource('drift/events');
    this.events = events;
    events.addEventListener('progress', ({ data }) => void this.onProgress(JSON.parse(data) as Progress));
    // Several groups may raise an alarm at once.
    events.addEventListener('drift', () => {
      this.due ??= setTimeout(() => {
        this.due = undefined;
        void this.refresh();
      }, BURST);
    });
    events.onerror = () => {
      if (this.events === events) this.lose();
    };
  }

  private async onProgress({
    model_version,
    rows,
    repeated_rows,
    compared_rows,
    reason,
    point,
  }: Progress): Promise<void> {
    const { model, drift, points } = this.snapshot;
    if (point) this.set({ points: merge(points, [point]) });
    if (document.visibilityState === 'hidden') return;
    const labelled = drift?.prediction_error.comparison?.rows ?? null;
    const isRepeated = repeated_rows !== drift?.dependence.repeated_rows;
    const sameRows = rows === drift?.rows && !isRepeated && compared_rows === labelled;
    const changed = model_version !== model?.model_version || !sameRows || reason !== undefined;
    await (changed ? this.read() : this.scrape()).catch(() => this.lose());
  }

  private async read(): Promise<void> {
    const [ready, drift] = await Promise.all([settle(getReady()), settle(getDrift()), this.scrape()]);
    const version = 'value' in ready ? ready.value.model_version : undefined;
    const known = this.snapshot.model;
    // A service that is shutting down is not ready but still has its model.
    const model = version === undefined ? null : version === known?.model_version ? known : await getModel();
    this.set({
      connection: 'live',
      notReady: 'error' in ready ? ready.error.message : null,
      model,
      drift: 'value' in drift ? drift.value : null,
      driftOff: 'error' in drift ? drift.error.message : null,
    });
  }

  private async scrape(): Promise<void> {
    const now = performance.now();
    if (!this.scrapes || now - this.scrapedAt < SCRAPE_INTERVAL) return;
    this.scrapedAt = now;
    this.set({ traffic: this.meter.add(await getMetrics(), now) ?? this.snapshot.traffic });
  }

  private lose(): void {
    this.events?.close();
    this.events = undefined;
    this.meter = new TrafficMeter();
    this.scrapedAt = Number.NEGATIVE_INFINITY;
    this.set({ connection: 'lost', traffic: null });
    this.retryLater();
  }

  private retryLater(): void {
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      void this.connect();
    }, RETRY_DELAY);
  }

  private set(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    this.onChange(this.snapshot);
  }
}

/** Appends the newer points, and drops those more than an hour older than the latest. */
function merge(old: readonly Point[], more: readonly Point[]): readonly Point[] {
  const last = old.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const fresh = more.filter(({ at }) => at > last);
  if (fresh.length === 0) return old;
  const all = [...old, ...fresh];
  return all.filter(({ at }) => at > all.at(-1)!.at - HOUR);
}

/** Resolves with the reply or the error reply. Rejects if the service does not respond, or is overloaded. */
async function settle<T>(reply: Promise<T>): Promise<{ value: T } | { error: ServiceError }> {
  try {
    return { value: await reply };
  } catch (error) {
    if (error instanceof ServiceError && error.code !== 'OVERLOADED') return { error };
    throw error;
  }
}
