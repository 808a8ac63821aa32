/** Seconds whose allowance a client may use at once, after it has used nothing for as long. */
export const WINDOW = 10;

/**
 * A token bucket that holds what `rate` tokens a second give in `WINDOW` seconds. Instead of tokens it stores the time at which it
 * will be full again (the generic cell rate algorithm, ITU-T I.371, annex A), so that a full bucket needs no state. Whatever is
 * known only afterwards, such as the rows of a request, is taken into debt. All times are in milliseconds.
 */
export class TokenBucket {
  private readonly rate: number;
  private fullAt = Number.NEGATIVE_INFINITY;

  constructor(rate: number) {
    this.rate = rate;
  }

  /** Milliseconds until the bucket holds `tokens`; 0 if it holds them now. */
  wait(tokens: number, now: number): number {
    return Math.max(0, this.fullAt - now - 1000 * (WINDOW - tokens / this.rate));
  }

  /** Takes tokens, also those that it does not hold. */
  take(tokens: number, now: number): void {
    this.fullAt = Math.max(this.fullAt, now) + (1000 * tokens) / this.rate;
  }

  /** Whole tokens that it holds. */
  available(now: number): number {
    return Math.max(0, Math.floor(this.rate * WINDOW - (this.rate * this.untilFull(now)) / 1000));
  }

  /** Milliseconds until it is full. */
  untilFull(now: number): number {
    return Math.max(0, this.fullAt - now);
  }
}
