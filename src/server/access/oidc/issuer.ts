import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Logger } from 'pino';
import { isObject } from '../../../base/json/parse-json.js';
import { fetchBounded, secureUrl } from './bounded-fetch.js';

/** Milliseconds after which the keys are read again. */
const REFRESH = 600_000;
/** Milliseconds for which the latest keys are used while the issuer is away. */
export const MAX_AGE = 86_400_000;
/** Milliseconds between two readings that a token with an unknown key may cause. */
const UNKNOWN_KEY_PAUSE = 30_000;
/** Milliseconds until a reading that failed is repeated: the first time, and at most. */
const FIRST_RETRY = 1000;
const LAST_RETRY = 60_000;

/** Signatures that count. None of them has a shared secret, for which a public key could be taken. */
export const ALGORITHMS: readonly string[] = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Seconds by which the clocks of the issuer and of this machine may differ. */
export const CLOCK_TOLERANCE = 30;

/** Maximum characters of a subject (OpenID Connect Core 1.0, section 2). */
const MAX_SUBJECT = 255;

/** What the issuer says of itself (OpenID Connect Discovery 1.0, section 3), as far as it is used here. */
export interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly [name: string]: unknown;
}

/** A token whose signature, issuer, audience and times are right. */
export interface VerifiedToken {
  readonly header: { readonly alg?: string; readonly typ?: string };
  readonly claims: JWTPayload & { readonly sub: string; readonly exp: number };
  /** That of the keys that verified it. */
  readonly generation: number;
}

/** The issuer does not respond, and its keys are unknown or too old. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';

  constructor() {
    super('the issuer of tokens does not respond, so that none can be checked');
  }
}

/** What is known of the issuer at the time of the latest reading. */
interface Known {
  readonly metadata: Metadata;
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  /** The key set as text, to notice a change. */
  readonly text: string;
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
}

/**
 * The OpenID Connect issuer: its metadata and public keys, which are read in the background every ten minutes. While the issuer is
 * away the latest ones are used, for at most {@link MAX_AGE}.
 */
export class Issuer {
  readonly url: string;
  /** Readings that failed. */
  failures = 0;
  private readonly log: Logger;
  private known: Known | undefined;
  private pending: Promise<void> | undefined;
  private attemptedAt = Number.NEGATIVE_INFINITY;
  /** Failures since the latest success. */
  private failed = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  /** Reads nothing before {@link start}. */
  constructor(url: string, log: Logger) {
    this.url = url;
    this.log = log;
  }

  /** Reads metadata and keys in the background from now on. */
  start(): void {
    void this.read();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Seconds since the keys were read; undefined before that. */
  get age(): number | undefined {
    return this.known && (Date.now() - this.known.readAt) / 1000;
  }

  /** Increases when the issuer publishes other keys than before: what the earlier ones have verified counts no more. */
  get generation(): number {
    return this.known?.generation ?? 0;
  }

  /** True if the keys may be used, so that what they have verified counts. */
  get isKnown(): boolean {
    return this.known !== undefined && Date.now() - this.known.readAt < MAX_AGE;
  }

  /** Resolves with the issuer's metadata. Rejects with {@link IssuerUnavailable}. */
  async metadata(): Promise<Metadata> {
    return (await this.require()).metadata;
  }

  /**
   * Verifies the signature, the issuer, the audience and the times of a token. Rejects with a `JOSEError` for an invalid one, and
   * with {@link IssuerUnavailable}.
   */
  async verify(token: string, audience: string): Promise<VerifiedToken> {
    const options = {
      issuer: this.url,
      audience,
      algorithms: [...ALGORITHMS],
      clockTolerance: CLOCK_TOLERANCE,
      requiredClaims: ['sub', 'exp'],
    };
    let generation = 0;
    const keyOf: JWTVerifyGetKey = async (...args) => {
      const known = await this.knownFor(...args);
      ({ generation } = known);
      return known.keys(...args);
    };
    const { payload, protectedHeader } = await jwtVerify(token, keyOf, options).catch(async (error: unknown) => {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // The token does not name its key: one of them must be right.
      for await (const key of error) {
        const verified = await jwtVerify(token, key, options).catch((reason: unknown) => reason);
        if (!(verified instanceof errors.JWSSignatureVerificationFailed)) {
          if (verified instanceof Error) throw verified;
          return verified as Awaited<ReturnType<typeof jwtVerify>>;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    });
    if (typeof payload.sub !== 'string' || payload.sub === '' || payload.sub.length > MAX_SUBJECT) {
      throw new errors.JWTClaimValidationFailed('"sub" claim is invalid', payload, 'sub', 'invalid');
    }
    return { header: protectedHeader, claims: payload as VerifiedToken['claims'], generation };
  }

  /**
   * Resolves with the keys among which that of a token is, if the issuer publishes it. Keys that the token itself holds or points to
   * (`jwk`, `jku`, `x5c`, `x5u`) do not count.
   */
  private async knownFor(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<Known> {
    const known = await this.require();
    const error = await known.keys(header, token).catch((reason: unknown) => reason);
    if (!(error instanceof errors.JWKSNoMatchingKey)) return known;
    // The issuer may have new keys.
    const isDue = this.failed === 0 && Date.now() - this.attemptedAt >= UNKNOWN_KEY_PAUSE;
    if (this.pending || isDue) await this.read();
    if (this.failed > 0) throw new IssuerUnavailable();
    return this.known!;
  }

  private async require(): Promise<Known> {
    if (this.isKnown) return this.known!;
    // After a failure the timer decides when to try again, not requests.
    if (this.pending || this.failed === 0) await this.read();
    if (this.isKnown) return this.known!;
    throw new IssuerUnavailable();
  }

  /** Reads metadata and keys, once at a time. Never rejects. */
  private read(): Promise<void> {
    this.pending ??= this.readNow().finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  private async readNow(): Promise<void> {
    clearTimeout(this.timer);
    this.attemptedAt = Date.now();
    try {
      const metadata = await this.readMetadata();
      const keySet = (await readJson(metadata.jwks_uri)) as unknown as JSONWebKeySet;
      const text = JSON.stringify(keySet);
      const isSame = text === this.known?.text;
      const keys = isSame ? this.known!.keys : createLocalJWKSet(keySet);
      if (keySet.keys.length === 0) throw new Error(`${metadata.jwks_uri}: no keys`);
      this.known = { metadata, keys, text, generation: this.generation + (isSame ? 0 : 1), readAt: Date.now() };
      if (this.failed > 0) this.log.info({ issuer: this.url }, 'the OIDC issuer responds again');
      this.failed = 0;
    } catch (error) {
      this.failures++;
      this.failed++;
      const reason = (error as Error).message;
      if (this.failed === 1) this.log.warn({ issuer: this.url, reason }, 'the keys of the OIDC issuer cannot be read');
    }
    const delay = this.failed === 0 ? REFRESH : Math.min(FIRST_RETRY * 2 ** (this.failed - 1), LAST_RETRY);
    if (!this.isClosed) this.timer = setTimeout(() => void this.read(), delay).unref();
  }

  private async readMetadata(): Promise<Metadata> {
    const metadata = await readJson(`${this.url.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (metadata['issuer'] !== this.url) {
      throw new Error(`the issuer calls itself ${JSON.stringify(metadata['issuer'])}: set OIDC_ISSUER to exactly that`);
    }
    if (typeof metadata['jwks_uri'] !== 'string') throw new Error('the metadata of the issuer has no jwks_uri');
    secureUrl(metadata['jwks_uri']);
    return metadata as Metadata;
  }
}

/** Reads a JSON object. Throws an Error that names the URL. */
async function readJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetchBounded(url, { headers: { accept: 'application/json' } });
  const value: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  if (!isObject(value)) throw new Error(`${url}: expected a JSON object`);
  return value;
}
