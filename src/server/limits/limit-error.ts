import { AccessError } from '../access/access-error.js';

/** What is limited. The names are those of policies in the headers, and of labels in the metric. */
export const LIMITS = ['requests', 'rows', 'trainings', 'uploads', 'scratch', 'event_streams', 'connections'] as const;
export type LimitName = (typeof LIMITS)[number];

/** A limit as a client reads it. */
export interface LimitState {
  readonly limit: LimitName;
  /** Maximum in units of the limit, within `window` seconds if it has one. */
  readonly quota: number;
  readonly window?: number;
  readonly unit: 'requests' | 'rows' | 'concurrent-requests' | 'content-bytes';
  /** Units that are left. */
  readonly remaining: number;
  /** Seconds in which no more than that can be used. */
  readonly seconds: number;
}

/** Refuses a request of a client that has reached one of its limits. */
export class LimitError extends AccessError {
  readonly limit: LimitName;
  /** The client as the metric names it. */
  readonly label: string;

  constructor(state: LimitState, label: string, message: string) {
    super('RATE_LIMITED', `${message}; try again in ${state.seconds} s`, {
      'retry-after': String(state.seconds),
      ...limitHeaders([state]),
      // The connection itself is what is too much.
      ...(state.limit === 'connections' && { connection: 'close' }),
    });
    this.limit = state.limit;
    this.label = label;
  }
}

/**
 * The headers that describe limits, as draft-ietf-httpapi-ratelimit-headers-11 names them. Rows are not among the units that it
 * registers.
 */
export function limitHeaders(states: readonly LimitState[]): Record<'ratelimit-policy' | 'ratelimit', string> {
  const policies = states.map(({ limit, quota, window, unit }) => {
    const suffix = `${unit === 'requests' ? '' : `;qu="${unit}"`}${window === undefined ? '' : `;w=${window}`}`;
    return `"${limit}";q=${quota}${suffix}`;
  });
  const available = states.map(({ limit, remaining, seconds }) => `"${limit}";r=${remaining};t=${seconds}`);
  return { 'ratelimit-policy': policies.join(', '), ratelimit: available.join(', ') };
}
