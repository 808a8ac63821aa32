import type { DriftEvent } from '../../src/drift/monitor/alarms.js';
import { DriftMonitor } from '../../src/drift/monitor/monitor.js';
import type { WindowTest } from '../../src/drift/window/window-test.js';
import type { Baseline, HeldOut } from '../../src/model/baseline/baseline.js';

/** Rows per request: few enough for the monitor to count all of them, and a divisor of every window size. */
const REQUEST_ROWS = 50;
/** False alarm probability of a window. */
export const WINDOW_ALPHA = 0.01;

/** A monitor whose windows of `n` rows have a false alarm probability of 1 % each, fed window by window. */
export class WindowMonitor {
  private readonly monitor: DriftMonitor;

  constructor(baseline: Baseline, n: number) {
    const withRows = (rowsBetweenFalseAlarms: number) =>
      new DriftMonitor(baseline, { windowRows: n, rowsBetweenFalseAlarms, clock: () => 0 });
    // Asks the monitor how it divides false alarms between windows and charts.
    const rows = n / WINDOW_ALPHA;
    this.monitor = withRows((rows * withRows(rows).windowAlpha) / WINDOW_ALPHA);
  }

  /** Observes a window in several requests, and returns its test. Each window is a start: no row repeats one of another window. */
  test(window: HeldOut): WindowTest {
    const test = this.testIfFull(window);
    if (!test) throw new Error('a row of the window repeats another: too few rows were counted');
    return test;
  }

  /** The same; undefined if a row of the window repeats another, which is not counted. */
  testIfFull({ rows, count, outputs, errors }: HeldOut): WindowTest | undefined {
    const d = rows.length / count;
    this.monitor.reset();
    for (let r = 0; r < count; r += REQUEST_ROWS) {
      this.monitor.observe(rows.subarray(r * d), REQUEST_ROWS, outputs.subarray(r), errors.subarray(r));
    }
    return this.monitor.latestTest;
  }

  /** Returns the feature named first in the report of the latest window. */
  firstFeature(): string {
    return this.monitor.report().windows[0]!.columns[0]!.name;
  }

  reset(): void {
    this.monitor.reset();
  }
}

/** A monitor as in the service, with windows and charts, that receives rows one by one. */
export class OnlineMonitor {
  private readonly monitor: DriftMonitor;
  private raised: DriftEvent | undefined;

  constructor(baseline: Baseline) {
    const onEvent = (event: DriftEvent) => {
      if (event.type === 'raised') this.raised ??= event;
    };
    this.monitor = new DriftMonitor(baseline, { clock: () => 0, onEvent });
  }

  /** Observes rows until an alarm is raised. Returns the number of its row, from 1; undefined without an alarm. */
  rowOfAlarm({ rows, count, outputs, errors }: HeldOut): number | undefined {
    const d = rows.length / count;
    this.raised = undefined;
    for (let r = 0; r < count; r++) {
      this.monitor.observe(rows.subarray(r * d, (r + 1) * d), 1, outputs.subarray(r), errors.subarray(r));
      if (this.raised) return r + 1;
    }
    return undefined;
  }

  reset(): void {
    this.monitor.reset();
  }
}
