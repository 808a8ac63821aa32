import { Counter, Gauge, type Registry } from 'prom-client';

/** What the metrics show at a scrape. */
export interface AccessFigures {
  readonly failures: Readonly<Record<string, number>>;
  /** Undefined if no API keys are configured. */
  readonly keys: KeyFigures | undefined;
  /** Undefined without HTTPS. */
  readonly tls: TlsFigures | undefined;
}

interface TlsFigures {
  /** In milliseconds since 1970. */
  readonly expires: number;
  readonly errors: number;
  readonly isBroken: boolean;
}

interface KeyFigures {
  /** Records by state. */
  count(): Readonly<Record<string, number>>;
  /** In milliseconds since 1970. */
  nextExpiry(): number | undefined;
  readonly errors: number;
  readonly isBroken: boolean;
}

/** Registers what was refused for want of a credential, and the state of the API keys. */
export function registerAccessMetrics(registry: Registry, { failures, keys, tls }: AccessFigures): void {
  const registers = [registry];
  new Counter({
    name: 'auth_failures_total',
    help:
      'Requests refused because their credential is missing, unsupported, malformed, wrong, expired, revoked or cannot be ' +
      'checked (unavailable), or lacks a scope',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(failures)) this.inc({ reason }, count);
    },
  });
  new Gauge({
    name: 'api_keys',
    help: 'API keys and certificates in the file of the keys, by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(keys?.count() ?? {})) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'api_keys_next_expiry_timestamp_seconds',
    help: 'Time at which the first of the valid API keys expires; absent if none does',
    registers,
    collect() {
      setTime(this, keys?.nextExpiry());
    },
  });
  new Gauge({
    name: 'api_key_file_broken',
    help: '1 if the file of the API keys could not be used when it last changed: the keys of before are valid',
    registers,
    collect() {
      this.set(Number(keys?.isBroken ?? false));
    },
  });
  new Counter({
    name: 'api_key_file_errors_total',
    help: 'Attempts to read the file of the API keys that failed',
    registers,
    collect() {
      this.reset();
      this.inc(keys?.errors ?? 0);
    },
  });
  new Gauge({
    name: 'tls_certificate_expiry_timestamp_seconds',
    help: "Time at which the server's certificate expires; absent without HTTPS",
    registers,
    collect() {
      setTime(this, tls?.expires);
    },
  });
  new Gauge({
    name: 'tls_files_broken',
    help: '1 if the files of the certificates could not be used when they last changed: those of before are in use',
    registers,
    collect() {
      this.set(Number(tls?.isBroken ?? false));
    },
  });
  new Counter({
    name: 'tls_file_errors_total',
    help: 'Attempts to read the files of the certificates that failed',
    registers,
    collect() {
      this.reset();
      this.inc(tls?.errors ?? 0);
    },
  });
}

/** Sets a time in milliseconds since 1970, or removes the sample. */
function setTime(gauge: Gauge, time: number | undefined): void {
  if (time === undefined) gauge.remove();
  else gauge.set(time / 1000);
}
