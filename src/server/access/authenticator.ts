import type { IncomingMessage } from 'node:http';
import type { Principal } from './principal.js';

/** Why a credential is not accepted, for metrics. */
export type RejectionReason = 'unsupported' | 'malformed' | 'wrong' | 'expired' | 'revoked' | 'unavailable';

/** A credential that is not accepted. The message is for its sender, and repeats nothing secret. */
export class Rejection {
  readonly reason: RejectionReason;
  readonly message: string;

  constructor(reason: RejectionReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}

/** Who sent a request; undefined if it has no credential of the kind that was looked for. */
export type Identity = Principal | Rejection | undefined;

/** A description for OpenAPI: https://spec.openapis.org/oas/v3.1.1.html#security-scheme-object. */
export type SecurityScheme = Readonly<Record<string, unknown>> & { readonly type: string };

/** Recognises one kind of credential. */
export interface Authenticator {
  /** What a request may carry, for errors: `an API key (…)`. */
  readonly accepts: string;
  /** The ways to send it, for OpenAPI, by name. */
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
  /**
   * Returns the sender if that takes no more than a look-up. Called for every prediction: undefined leaves the request to
   * `identify`. A principal that has expired must not be returned.
   */
  now(request: IncomingMessage): Principal | undefined;
  /** Returns the sender. Must compare secrets in constant time. */
  identify(request: IncomingMessage): Identity | Promise<Identity>;
}
