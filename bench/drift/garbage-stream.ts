import type { Random } from '../../src/base/statistics/random.js';
import type { DriftEvent } from '../../src/drift/monitor/alarms.js';
import { DriftMonitor } from '../../src/drift/monitor/monitor.js';
import type { Baseline, HeldOut } from '../../src/model/baseline/baseline.js';

/** One row in this many has garbage. */
export const ONE_IN = 200;

/** The rows of the first alarm, of the first of the guards' charts, and of the first of any other test; infinite without one. */
export interface FirstAlarms {
  readonly first: number;
  readonly guards: number;
  readonly other: number;
}

/** A monitor that receives rows one by one. */
export class GarbageStream {
  private readonly monitor: DriftMonitor;
  private readonly random: Random;
  private readonly features: number;
  private row = 0;
  /** The rows of the first alarm, of the first of the guards' charts, and of the first of any other test. */
  private first = Number.POSITIVE_INFINITY;
  private guards = Number.POSITIVE_INFINITY;
  private other = Number.POSITIVE_INFINITY;

  constructor(baseline: Baseline, random: Random) {
    this.random = random;
    this.features = baseline.features.length;
    const onEvent = ({ type, group, cause }: DriftEvent) => {
      if (type === 'cleared') return;
      this.first = Math.min(this.first, this.row);
      if (group === 'guards' && cause?.by === 'chart') this.guards = Math.min(this.guards, this.row);
      else this.other = Math.min(this.other, this.row);
    };
    this.monitor = new DriftMonitor(baseline, { clock: () => 0, onEvent });
  }

  /** Sends `rows` rows of `pool`, one in 200 of them from `garbage`, until tests of both kinds have raised an alarm. */
  send(pool: HeldOut, rows: number, garbage: HeldOut): FirstAlarms {
    const { monitor, random, features: d } = this;
    for (let i = 0; i < rows && !(Number.isFinite(this.guards) && Number.isFinite(this.other)); i++) {
      this.row++;
      const from = garbage !== pool && random.below(ONE_IN) === 0 ? garbage : pool;
      const r = random.below(from.count);
      const row = from.rows.subarray(r * d, (r + 1) * d);
      // The service refuses a row whose prediction is not finite.
      if (!Number.isFinite(from.outputs[r]!) || !Number.isFinite(from.errors[r]!)) monitor.observeRefused(row, [0]);
      else monitor.observe(row, 1, from.outputs.subarray(r), from.errors.subarray(r));
    }
    return { first: this.first, guards: this.guards, other: this.other };
  }

  /** Counts from here on, without the alarms so far. */
  forget(): void {
    // A false alarm would hide the garbage: with another one, the stream begins anew.
    if (Number.isFinite(this.first)) this.monitor.reset();
    this.row = 0;
    this.first = this.guards = this.other = Number.POSITIVE_INFINITY;
  }
}
