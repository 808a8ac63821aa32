import { DomainError } from '../../base/domain-error.js';
import { AtOnce } from './at-once.js';
import { LimitError, type LimitName, type LimitState, limitHeaders } from './limit-error.js';
import { RecentMap } from './recent-map.js';
import { TokenBucket, WINDOW } from './token-bucket.js';

/** Maximum of each limit for one client; 0 for none. */
export interface LimitSettings {
  /** Requests a second. */
  readonly requests: number;
  /** Rows to predict a second. */
  readonly rows: number;
  /** Trainings at once: tables that arrive, and the trainings that they start. */
  readonly trainings: number;
  /** Uploads of versions at once. */
  readonly uploads: number;
  /** Bytes of tables that are on the disk at once. */
  readonly scratch: number;
  /** Event streams at once. */
  readonly eventStreams: number;
}

/** Whom a limit counts: who has sent a request, or the address of one who is not known. */
export interface Client {
  readonly id: string;
  /** A value of the metric's label: the name of a key, or a kind of client. Never an address. */
  readonly label: string;
}

/** Clients whose use of the latest seconds is known. Each takes about 200 bytes. */
const MAX_CLIENTS = 10_000;
/** Label values of the metric; further ones are counted together. */
const MAX_LABELS = 200;
/** Seconds after which a client may try again what others of its own requests hold. */
const HELD_FOR = 5;

const SETTINGS = {
  trainings: { name: 'LIMIT_TRAININGS', unit: 'concurrent-requests', what: 'trainings' },
  uploads: { name: 'LIMIT_UPLOADS', unit: 'concurrent-requests', what: 'uploads' },
  event_streams: { name: 'LIMIT_EVENT_STREAMS', unit: 'concurrent-requests', what: 'event streams' },
} as const;
export type HeldLimit = keyof typeof SETTINGS;

interface Rates {
  readonly requests: TokenBucket | undefined;
  readonly rows: TokenBucket | undefined;
}

/** What each client may use of the service: a second, and at once. Refuses with `RATE_LIMITED`. */
export class Limits {
  /** Whether requests or rows a second are limited: otherwise nothing needs to be asked for a prediction. */
  readonly hasRates: boolean;
  private readonly settings: LimitSettings;
  private readonly rates = new RecentMap<string, Rates>(MAX_CLIENTS);
  private readonly held: Readonly<Record<HeldLimit, AtOnce>> = {
    trainings: new AtOnce(),
    uploads: new AtOnce(),
    event_streams: new AtOnce(),
  };
  private readonly scratch = new AtOnce();
  private readonly refusals = new Map<string, Map<LimitName, number>>();

  constructor(settings: LimitSettings) {
    this.settings = settings;
    this.hasRates = settings.requests > 0 || settings.rows > 0;
  }

  /** Refused requests so far, by the label of the client and the limit. */
  *refused(): Iterable<{ client: string; limit: LimitName; count: number }> {
    for (const [client, counts] of this.refusals) for (const [limit, count] of counts) yield { client, limit, count };
  }

  /** Counts a request that has been refused. */
  count({ label, limit }: Pick<LimitError, 'label' | 'limit'>): void {
    const known = this.refusals.has(label) || this.refusals.size < MAX_LABELS ? label : 'other';
    let counts = this.refusals.get(known);
    if (!counts) {
      counts = new Map();
      this.refusals.set(known, counts);
    }
    counts.set(limit, (counts.get(limit) ?? 0) + 1);
  }

  /**
   * Takes one request of a client at `now` milliseconds. If the client has used up its requests, or is in debt of rows, nothing is
   * taken, and the error is returned.
   */
  takeRequest(client: Client, now: number): LimitError | undefined {
    const { requests, rows } = this.ratesOf(client);
    if ((requests?.wait(1, now) ?? 0) > 0 || (rows?.wait(0, now) ?? 0) > 0) return this.refusal(client, now);
    requests?.take(1, now);
    return undefined;
  }

  /** Takes the rows of a request that has been counted, even if they are more than a client may use now. */
  chargeRows(client: Client, rows: number, now: number): void {
    if (this.settings.rows > 0 && rows > 0) this.ratesOf(client).rows?.take(rows, now);
  }

  private refusal(client: Client, now: number): LimitError {
    const { requests, rows } = this.ratesOf(client);
    const isRows = (requests?.wait(1, now) ?? 0) < (rows?.wait(0, now) ?? 0);
    const milliseconds = isRows ? rows!.wait(0, now) : (requests?.wait(1, now) ?? 0);
    const state = {
      ...this.rateState(isRows ? 'rows' : 'requests', now, isRows ? rows! : requests!),
      remaining: 0,
      seconds: wholeSeconds(milliseconds),
    };
    const setting = isRows ? `LIMIT_ROWS=${this.settings.rows}` : `LIMIT_REQUESTS=${this.settings.requests}`;
    return new LimitError(state, client.label, `more ${state.limit} a second than one client may send (${setting})`);
  }

  /** The headers that describe what is left to a client; undefined if nothing a second is limited. */
  headers(client: Client, now: number): ReturnType<typeof limitHeaders> | undefined {
    if (!this.hasRates) return undefined;
    const { requests, rows } = this.ratesOf(client);
    const states = [
      requests ? [this.rateState('requests', now, requests)] : [],
      rows ? [this.rateState('rows', now, rows)] : [],
    ];
    return limitHeaders(states.flat());
  }

  /** Takes one of what a client may hold at once. Returns a function that gives it back. Throws a `LimitError`. */
  hold(limit: HeldLimit, client: Client): () => void {
    const held = this.held[limit];
    const quota = limit === 'event_streams' ? this.settings.eventStreams : this.settings[limit];
    if (quota > 0 && held.of(client.id) >= quota) {
      const { name, unit, what } = SETTINGS[limit];
      const state = { limit, quota, unit, remaining: 0, seconds: HELD_FOR };
      throw new LimitError(state, client.label, `this client has ${quota} ${what} at once already (${name})`);
    }
    return held.hold(client.id);
  }

  /**
   * Begins to count bytes that a client has on the disk. `add` counts more, until `release` is called. It throws `TOO_LARGE` if these
   * alone are more than the client may have, and a `LimitError` if all of its bytes are.
   */
  holdBytes(client: Client): { add: (bytes: number) => void; release: () => void } {
    const { scratch: quota } = this.settings;
    let held = 0;
    return {
      add: (bytes) => {
        if (quota > 0 && held + bytes > quota) {
          throw new DomainError('TOO_LARGE', `body: expected at most ${quota} bytes (LIMIT_SCRATCH)`);
        }
        if (quota > 0 && this.scratch.of(client.id) + bytes > quota) {
          const state = { limit: 'scratch', quota, unit: 'content-bytes', remaining: 0, seconds: HELD_FOR } as const;
          throw new LimitError(
            state,
            client.label,
            `this client has more than ${quota} bytes of tables on the disk (LIMIT_SCRATCH)`,
          );
        }
        held += bytes;
        this.scratch.add(client.id, bytes);
      },
      release: () => {
        this.scratch.add(client.id, -held);
        held = 0;
      },
    };
  }

  private ratesOf({ id }: Client): Rates {
    return this.rates.get(id, this.createRates);
  }

  private readonly createRates = (): Rates => {
    const { requests, rows } = this.settings;
    return {
      requests: requests > 0 ? new TokenBucket(requests) : undefined,
      rows: rows > 0 ? new TokenBucket(rows) : undefined,
    };
  };

  private rateState(limit: 'requests' | 'rows', now: number, bucket: TokenBucket): LimitState {
    return {
      limit,
      quota: WINDOW * this.settings[limit],
      window: WINDOW,
      unit: limit,
      remaining: bucket.available(now),
      seconds: wholeSeconds(bucket.untilFull(now)),
    };
  }
}

/** At least one. Sums of fractions are not exact: a thousandth more would be a second more. */
function wholeSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(Math.round(milliseconds) / 1000));
}
