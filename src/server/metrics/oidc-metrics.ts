import { Counter, Gauge, type Registry } from 'prom-client';

/** What the metrics show at a scrape. */
export interface IssuerFigures {
  readonly url: string;
  /** Seconds since the keys were read; undefined before that. */
  readonly age: number | undefined;
  readonly failures: number;
}

/** Registers how old the keys of the OIDC issuer are, and how often they could not be read. Without an issuer there are no series. */
export function registerOidcMetrics(registry: Registry, issuer: IssuerFigures | undefined): void {
  const shared = { labelNames: ['issuer'], registers: [registry] };
  new Gauge({
    name: 'oidc_jwks_age_seconds',
    help: 'Time since the keys of the OIDC issuer were read, +Inf before that; from a day on, its tokens are refused',
    ...shared,
    collect() {
      if (issuer) this.set({ issuer: issuer.url }, issuer.age ?? Number.POSITIVE_INFINITY);
    },
  });
  new Counter({
    name: 'oidc_jwks_failures_total',
    help: 'Attempts to read the metadata and keys of the OIDC issuer that failed',
    ...shared,
    collect() {
      this.reset();
      if (issuer) this.inc({ issuer: issuer.url }, issuer.failures);
    },
  });
}

/** Registers the number of sessions of the page. */
export function registerSessionMetrics(registry: Registry, sessions: { readonly size: number }): void {
  new Gauge({
    name: 'page_sessions',
    help: 'Sessions of users who have signed in to the page',
    registers: [registry],
    collect() {
      this.set(sessions.size);
    },
  });
}
