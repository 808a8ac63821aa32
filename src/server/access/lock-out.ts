/** Rejected credentials from one address after which it is locked out. */
const MAX_FAILURES = 10;
/** Milliseconds after which one of them is forgotten, and therefore time for which an address stays locked out. */
const FORGIVE_INTERVAL = 6000;
/** Maximum number of addresses with failures. Those that failed longest ago are forgotten first. */
const MAX_ADDRESSES = 10_000;

interface Failures {
  count: number;
  /** Time from which `count` is counted down. */
  since: number;
}

/**
 * Counts rejected credentials by address. From a locked-out address, another wrong credential is a 429 that costs nothing more. A
 * valid one is accepted as ever: nobody can lock out others that share an address, such as that of a proxy.
 */
export class LockOut {
  private readonly addresses = new Map<string, Failures>();

  /** Number of addresses with failures that are not forgotten. */
  get size(): number {
    return this.addresses.size;
  }

  /** Counts a failure. Returns the seconds for which the address is locked out; 0 if it is not. */
  fail(address: string, now = Date.now()): number {
    const former = this.addresses.get(address);
    const forgiven = former ? Math.floor((now - former.since) / FORGIVE_INTERVAL) : 0;
    const left = former ? Math.max(0, former.count - forgiven) : 0;
    const since = former && left > 0 ? former.since + forgiven * FORGIVE_INTERVAL : now;
    const count = Math.min(left + 1, MAX_FAILURES + 1);
    // The latest failure comes last.
    this.addresses.delete(address);
    this.addresses.set(address, { count, since });
    if (this.addresses.size > MAX_ADDRESSES) this.addresses.delete(this.addresses.keys().next().value!);
    return count > MAX_FAILURES ? Math.ceil((since + FORGIVE_INTERVAL - now) / 1000) : 0;
  }
}
