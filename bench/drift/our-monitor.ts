import type { DriftEvent } from '../../src/drift/monitor/alarms.js';
import { DriftMonitor } from '../../src/drift/monitor/monitor.js';
import type { WindowTest } from '../../src/drift/window/window-test.js';
import type { Baseline, HeldOut } from '../../src/model/baseline/baseline.js';

/** Rows of one request: fewer than the monitor counts of one in full, and a divisor of every window. */
const REQUEST_ROWS = 50;
/** False alarm probability of a window. */
export const WINDOW_ALPHA = 0.01;

/** A monitor whose windows of `n` rows have a false alarm probability of 1 % each, fed window by window. */
export class WindowMonitor {
  private readonly monitor: DriftMonitor;

  constructor(baseline: Baseline, n: number) {
    const withRows = (rowsBetweenFalseAlarms: number) =>
      new DriftMonitor(baseline, { windowRows: n, rowsBetweenFalseAlarms, clock: () => 0 });
    // How the monitor divides false alarms between windows and charts is its own business: it is asked.
    const rows = n / WINDOW_ALPHA;
    this.monitor = withRows((rows * withRows(rows).windowAlpha) / WINDOW_ALPHA);
  }

  /** Observes a window, in requests. Returns its test. */
  test({ rows, count, outputs, errors }: HeldOut): WindowTest {
    const d = rows.length / count;
    for (let r = 0; r < count; r += REQUEST_ROWS) {
      this.monitor.observe(rows.subarray(r * d), REQUEST_ROWS, outputs.subarray(r), errors.subarray(r));
    }
    return this.monitor.latestTest!;
  }

  /** The feature that the report of the latest window names first. */
  firstFeature(): string {
    return this.monitor.report().windows[0]!.columns[0]!.name;
  }

  reset(): void {
    this.monitor.reset();
  }
}

/** A monitor as the service has it, windows and charts, with rows arriving one by one. */
export class OnlineMonitor {
  private readonly monitor: DriftMonitor;
  private raised: DriftEvent | undefined;

  constructor(baseline: Baseline) {
    const onEvent = (event: DriftEvent) => {
      if (event.type === 'raised') this.raised ??= event;
    };
    this.monitor = new DriftMonitor(baseline, { clock: () => 0, onEvent });
  }

  /** Observes rows until an alarm is raised. Returns its row, from 1 on; undefined without an alarm. */
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
