/** What the thread of health-server.ts is started with. */
export interface HealthTask {
  /** Empty for 127.0.0.1 and ::1. */
  readonly host: string;
  readonly port: number;
  /** One counter, which the main thread increases as long as its event loop turns. */
  readonly beats: Int32Array;
}

/** The reply of `/readyz`. */
export interface Readiness {
  readonly status: 200 | 503;
  /** The body; that of a 503 gets the id of its request. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sent by the thread: it listens, or could not. */
export type HealthMessage = { readonly port: number } | { readonly code: string | undefined; readonly message: string };
