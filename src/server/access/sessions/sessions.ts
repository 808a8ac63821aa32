import { hash, randomBytes } from 'node:crypto';
import type { Principal } from '../principal.js';

/** Milliseconds for which a session lasts, whether it is used or not: a working day. */
const LIFE = 8 * 3_600_000;
/** Maximum sessions in all, and of one principal. The oldest ends when there would be more. */
const MAX_SESSIONS = 10_000;
const MAX_OF_PRINCIPAL = 20;

/**
 * Returns the principal of a credential as it stands now: undefined once it has been revoked or has expired. It decides at each
 * request whether a session goes on.
 */
export type Renew = (principal: Principal) => Principal | undefined;

/** Who has signed in: the id and the scopes are those of the credential. */
export interface SessionPrincipal extends Principal {
  readonly kind: 'session';
  readonly expires: number;
}

interface Session {
  /** Who signed in, by the credential. */
  readonly principal: Principal;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Who has signed in to the page. Sessions are held in memory: a restart ends them. */
export class Sessions {
  private readonly renew: Renew;
  /** By the SHA-256 of their ids, oldest first. */
  private readonly sessions = new Map<string, Session>();
  /** The same keys by the id of the principal. */
  private readonly keys = new Map<string, Set<string>>();

  constructor(renew: Renew) {
    this.renew = renew;
  }

  /** Number of sessions that have not been found to be over. */
  get size(): number {
    return this.sessions.size;
  }

  /** Begins a session. Returns its id, which is its secret, and its principal. */
  begin(principal: Principal, now = Date.now()): { readonly id: string; readonly principal: SessionPrincipal } {
    const own = this.keys.get(principal.id) ?? new Set();
    if (own.size >= MAX_OF_PRINCIPAL) this.remove(first(own)!);
    this.makeRoom(now);
    const id = randomBytes(32).toString('base64url');
    const expires = Math.min(now + LIFE, principal.expires ?? Number.POSITIVE_INFINITY);
    this.sessions.set(keyOf(id), { principal, expires });
    this.keys.set(principal.id, own.add(keyOf(id)));
    return { id, principal: { ...principal, kind: 'session', expires } };
  }

  /** Returns who signed in; undefined once the session has ended, or its credential counts no more. */
  find(id: string, now = Date.now()): SessionPrincipal | undefined {
    const key = keyOf(id);
    const session = this.sessions.get(key);
    if (!session) return undefined;
    const principal = now < session.expires ? this.renew(session.principal) : undefined;
    if (principal) return { ...principal, kind: 'session', expires: session.expires };
    this.remove(key);
    return undefined;
  }

  /** Ends a session, if there is one with this id. Returns who had signed in. */
  end(id: string): Principal | undefined {
    const key = keyOf(id);
    const session = this.sessions.get(key);
    this.remove(key);
    return session?.principal;
  }

  private remove(key: string): void {
    const session = this.sessions.get(key);
    if (!session) return;
    const { id } = session.principal;
    const own = this.keys.get(id)!;
    own.delete(key);
    if (own.size === 0) this.keys.delete(id);
    this.sessions.delete(key);
  }

  /** Forgets the oldest sessions that are over, and if there are too many, the oldest one. */
  private makeRoom(now: number): void {
    for (const [key, { expires }] of this.sessions) {
      if (now < expires) break;
      this.remove(key);
    }
    if (this.sessions.size >= MAX_SESSIONS) this.remove(first(this.sessions.keys())!);
  }
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}

/** Whoever reads the memory of the process must not find ids. Ids are looked up by hash, which takes the same time for all. */
function keyOf(id: string): string {
  return hash('sha256', id, 'base64');
}
