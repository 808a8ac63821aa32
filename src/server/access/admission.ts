import type { IncomingMessage } from 'node:http';
import { AccessError } from './access-error.js';
import { type Authenticator, type Identity, Rejection, type RejectionReason } from './authenticator.js';
import { LockOut } from './lock-out.js';
import { ANYONE, forbidden, may, NOBODY, type Principal, unauthenticated } from './principal.js';
import { isOpen, type RouteScope } from './scopes.js';

/** Returns the error with which a request is refused, whoever sent it; undefined to let it pass. */
export type PerimeterCheck = (request: IncomingMessage, scope: RouteScope) => AccessError | undefined;
/** The same, once its sender is known and allowed to send it. */
export type LimitCheck = (request: IncomingMessage, scope: RouteScope, principal: Principal) => AccessError | undefined;

export interface AdmissionOptions {
  /** In order; before the credential is looked at. */
  readonly perimeter: readonly PerimeterCheck[];
  /** In order; the first one that finds a credential of its kind decides. Without any, everyone may do everything. */
  readonly authenticators: readonly Authenticator[];
  /** In order. */
  readonly limits: readonly LimitCheck[];
  /** Returns the address of the client, for the lock-out. */
  readonly addressOf: (request: IncomingMessage) => string;
}

/** Seconds after which a client may send a credential again that could not be checked. */
const RETRY_AFTER = 5;

/** Why requests were refused for want of a credential: it was not accepted, there was none, or it lacks a scope. */
export type FailureReason = RejectionReason | 'missing' | 'scope';

/** Decides which requests are answered. The fast path and Fastify ask here, so that they cannot differ. */
export class Admission {
  readonly authenticators: readonly Authenticator[];
  /** Requests refused so far, by reason. */
  readonly failures: Record<FailureReason, number> = {
    missing: 0,
    unsupported: 0,
    malformed: 0,
    wrong: 0,
    expired: 0,
    revoked: 0,
    unavailable: 0,
    scope: 0,
  };
  private readonly options: AdmissionOptions;
  private readonly lockOut = new LockOut();
  /** Senders of requests that the fast path has admitted and passed on. */
  private readonly admitted = new WeakMap<IncomingMessage, Principal>();

  constructor(options: AdmissionOptions) {
    this.options = options;
    this.authenticators = options.authenticators;
  }

  /** Whether credentials are configured. */
  get isClosed(): boolean {
    return this.authenticators.length > 0;
  }

  /**
   * Returns the sender of a request that passes all checks at once. Undefined leaves it to `admit`, which waits for what takes
   * longer, or throws.
   */
  admitNow(request: IncomingMessage, scope: RouteScope): Principal | undefined {
    const { perimeter, limits } = this.options;
    for (const check of perimeter) if (check(request, scope)) return undefined;
    const principal = this.identifyNow(request);
    if (!principal || !may(principal, scope)) return undefined;
    for (const check of limits) if (check(request, scope, principal)) return undefined;
    return principal;
  }

  /** Records that a request has been admitted, so that `admit` counts it only once. */
  passOn(request: IncomingMessage, principal: Principal): void {
    this.admitted.set(request, principal);
  }

  /**
   * Returns the sender of a request, or `NOBODY` where no credential is required. Throws, or rejects with, `UNAUTHENTICATED`,
   * `FORBIDDEN`, `RATE_LIMITED` and the errors of the checks. `onIdentified` is called with a sender whose credential is valid, whether
   * or not it may do this.
   */
  admit(
    request: IncomingMessage,
    scope: RouteScope,
    onIdentified: (principal: Principal) => void = () => {},
  ): Principal | Promise<Principal> {
    const admitted = this.admitted.get(request);
    if (admitted && may(admitted, scope)) return admitted;
    for (const check of this.options.perimeter) orThrow(check(request, scope));
    if (!this.isClosed) return this.limited(request, scope, ANYONE);
    const identity = this.identify(request, 0);
    return identity instanceof Promise
      ? identity.then((found) => this.decide(request, scope, found, onIdentified))
      : this.decide(request, scope, identity, onIdentified);
  }

  /** Resolves with false once the credential of a request that has been admitted is revoked, expired or signed out. */
  async isStillAdmitted(request: IncomingMessage, scope: RouteScope): Promise<boolean> {
    if (!this.isClosed || isOpen(scope)) return true;
    const identity = await this.identify(request, 0);
    return identity !== undefined && !(identity instanceof Rejection) && may(identity, scope);
  }

  private identifyNow(request: IncomingMessage): Principal | undefined {
    if (!this.isClosed) return ANYONE;
    for (const authenticator of this.authenticators) {
      const principal = authenticator.now(request);
      if (principal) return principal;
    }
    return undefined;
  }

  private identify(request: IncomingMessage, from: number): Identity | Promise<Identity> {
    for (let i = from; i < this.authenticators.length; i++) {
      const identity = this.authenticators[i]!.identify(request);
      if (identity instanceof Promise) return identity.then((found) => found ?? this.identify(request, i + 1));
      if (identity) return identity;
    }
    const { authorization } = request.headers;
    return authorization === undefined
      ? undefined
      : new Rejection('unsupported', `authorization: expected ${this.accepted()}`);
  }

  private decide(
    request: IncomingMessage,
    scope: RouteScope,
    identity: Identity,
    onIdentified: (principal: Principal) => void,
  ): Principal {
    if (identity instanceof Rejection) return this.reject(request, scope, identity);
    if (!identity) {
      if (isOpen(scope)) return this.limited(request, scope, NOBODY);
      this.failures.missing++;
      throw unauthenticated(`a credential with the scope ${scope} is required: send ${this.accepted()}`);
    }
    onIdentified(identity);
    if (!may(identity, scope)) {
      this.failures.scope++;
      throw forbidden(identity, scope);
    }
    return this.limited(request, scope, identity);
  }

  /** Counts a credential that is not accepted. Where none is required, its sender is nobody. */
  private reject(request: IncomingMessage, scope: RouteScope, { reason, message }: Rejection): Principal {
    this.failures[reason]++;
    // If it cannot be checked, its sender has made no mistake.
    const isMistake = reason !== 'unavailable';
    const seconds = isMistake ? this.lockOut.fail(this.options.addressOf(request)) : 0;
    if (isOpen(scope)) return this.limited(request, scope, NOBODY);
    if (!isMistake) throw new AccessError('ISSUER_UNAVAILABLE', message, { 'retry-after': String(RETRY_AFTER) });
    if (seconds > 0) {
      throw new AccessError(
        'RATE_LIMITED',
        `too many invalid credentials from this address; try again in ${seconds} s`,
        { 'retry-after': String(seconds) },
      );
    }
    throw unauthenticated(message, 'invalid_token');
  }

  private limited(request: IncomingMessage, scope: RouteScope, principal: Principal): Principal {
    for (const check of this.options.limits) orThrow(check(request, scope, principal));
    return principal;
  }

  private accepted(): string {
    return this.authenticators.map(({ accepts }) => accepts).join(', or ');
  }
}

function orThrow(error: AccessError | undefined): void {
  if (error) throw error;
}
