/** An alarm that stays on until its group has been quiet for a while. */
export interface LatchState {
  readonly detected: boolean;
  /** Milliseconds since the epoch of the latest change; null before the first. */
  readonly since: number | null;
  /** What raised it: a window's verdict or a chart, and the channel. */
  readonly cause: Cause | null;
  readonly alarms: number;
  /** Quiet windows in a row. */
  readonly quiet: number;
}

export interface Cause {
  readonly by: 'window' | 'chart';
  readonly kind: string;
  readonly name: string;
}

/** Windows in a row without anything near an alarm that switch it off. */
const QUIET_WINDOWS = 3;

/** A latch with hysteresis: it takes more quiet to switch it off than not to switch it on. */
export class Latch {
  private current: LatchState = { detected: false, since: null, cause: null, alarms: 0, quiet: 0 };

  get state(): LatchState {
    return this.current;
  }

  /** Switches on. True if it was off. */
  raise(now: number, cause: Cause): boolean {
    if (this.current.detected) {
      if (this.current.quiet > 0) this.current = { ...this.current, quiet: 0 };
      return false;
    }
    this.current = { detected: true, since: now, cause, alarms: this.current.alarms + 1, quiet: 0 };
    return true;
  }

  /** Takes note of a window that was `quiet` or not. True if that switched it off. */
  settle(now: number, quiet: boolean): boolean {
    if (!this.current.detected) return false;
    const windows = quiet ? this.current.quiet + 1 : 0;
    if (windows < QUIET_WINDOWS) {
      this.current = { ...this.current, quiet: windows };
      return false;
    }
    this.clear(now);
    return true;
  }

  /** Switches off, and keeps count of the alarms. */
  clear(now: number): void {
    if (!this.current.detected) return;
    this.current = { ...this.current, detected: false, since: now, quiet: 0 };
  }

  restore(state: LatchState): void {
    this.current = state;
  }
}
