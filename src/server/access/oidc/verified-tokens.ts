import type { Principal } from '../principal.js';

/** Maximum tokens to remember, and of their characters. */
const MAX_TOKENS = 10_000;
const MAX_CHARACTERS = 2 ** 24;
/** Characters at the end of a token by which it is found: 256 bits of its signature. */
const TAIL = 43;

export interface Verified {
  readonly principal: Principal;
  /** That of the keys that verified it. */
  readonly generation: number;
}

interface Entry extends Verified {
  readonly header: string;
}

/**
 * Tokens that have been verified, by the header that carried them; of too many, the oldest are forgotten.
 *
 * To hash a whole token takes longer than all else that is done to admit a prediction, so it is found by its end, and then
 * compared as a whole. How long the comparison takes shows nothing to whoever does not have the token: it is only made for those who
 * have sent the last 256 bits of its signature, and these are neither known nor guessed without it.
 */
export class VerifiedTokens {
  private readonly entries = new Map<string, Entry>();
  private characters = 0;

  get(header: string): Verified | undefined {
    const entry = this.entries.get(header.slice(-TAIL));
    return entry?.header === header ? entry : undefined;
  }

  set(header: string, verified: Verified): void {
    this.delete(header);
    this.entries.set(header.slice(-TAIL), { ...verified, header });
    this.characters += header.length;
    for (const { header: oldest } of this.entries.values()) {
      if (this.entries.size <= MAX_TOKENS && this.characters <= MAX_CHARACTERS) break;
      this.delete(oldest);
    }
  }

  /** Forgets a token, or the one with the same end. */
  delete(header: string): void {
    const tail = header.slice(-TAIL);
    this.characters -= this.entries.get(tail)?.header.length ?? 0;
    this.entries.delete(tail);
  }
}
