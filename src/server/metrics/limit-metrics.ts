import { Counter, type Registry } from 'prom-client';
import { LIMITS } from '../limits/limit-error.js';
import type { Limits } from '../limits/limits.js';

/** Registers the requests that were refused because a client had reached one of its limits. */
export function registerLimitMetrics(registry: Registry, limits: Pick<Limits, 'refused'>): void {
  new Counter({
    name: 'http_requests_limited_total',
    help: 'Requests refused with 429 RATE_LIMITED by limit and client: the name of its key, or the kind of client; never an address',
    labelNames: ['limit', 'client'],
    registers: [registry],
    collect() {
      this.reset();
      // From the start, so that the first refusal is an increase.
      for (const limit of LIMITS) this.inc({ limit, client: limit === 'connections' ? 'address' : 'anyone' }, 0);
      for (const { limit, client, count } of limits.refused()) this.inc({ limit, client }, count);
    },
  });
}
