/** Pauses after which it is time in any case: in a directory that never rests, changes must be noticed as well. */
const MAX_PAUSES = 10;

/** Calls a function once its triggers have paused, because whoever writes a file may not be done. */
export class AfterPause {
  private readonly act: () => void;
  private readonly pause: number;
  private timer: NodeJS.Timeout | undefined;
  /** Time of the first trigger since the latest call. */
  private since = 0;

  /** `pause`: milliseconds without a trigger after which `act` is called, and at the latest after ten times as many. */
  constructor(act: () => void, pause: number) {
    this.act = act;
    this.pause = pause;
  }

  readonly trigger = (): void => {
    const now = performance.now();
    if (this.timer) clearTimeout(this.timer);
    else this.since = now;
    const wait = Math.min(this.pause, Math.max(0, this.since + MAX_PAUSES * this.pause - now));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.act();
    }, wait).unref();
  };

  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
