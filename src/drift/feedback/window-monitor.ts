import type { Cause, LatchState } from '../monitor/alarms.js';
import { ComparedRows } from './compared-rows.js';
import { WindowAlarm, windowSizes } from './window-alarm.js';

/** One test of a window. */
interface Test {
  /** ln of the p-value. */
  readonly logP: number;
  /** Whether the difference matters, however significant it is. */
  readonly matters: boolean;
}

/** A window that was tested. */
export interface TestedWindow<Counts, Tests extends Test> {
  readonly counts: Counts;
  readonly evidence: readonly Tests[];
  /** ln of the smallest p-value of a test whose difference matters, times the number of tests; at most 0. */
  readonly logP: number;
  /** The test that has it; undefined if no difference matters. */
  readonly strongest: Tests | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Judges a window by all tests of it (Bonferroni). */
export function testedWindow<Counts, Tests extends Test>(
  counts: Counts,
  evidence: readonly Tests[],
  at: number,
): TestedWindow<Counts, Tests> {
  const [strongest] = evidence.filter(({ matters }) => matters).sort((a, b) => a.logP - b.logP);
  const logP = strongest ? Math.min(0, strongest.logP + Math.log(evidence.length)) : 0;
  return { counts, evidence, logP, strongest, at };
}

/** Windows of `size` labelled rows, which follow one another. Each is tested once. */
export interface LabelledWindow<Tested, State> {
  readonly size: number;
  /** The p-value below which a window raises the alarm. */
  readonly threshold: number;
  /** The latest window; undefined before the first is full. */
  readonly tested: Tested | undefined;
  reset(): void;
  state(): State;
  /** Restores a state of the same shape, after that of the shorter windows. */
  restore(state: State): void;
}

/** What has become of a group's alarm. */
export interface WindowEvent<Group extends string, Evidence> {
  readonly type: 'raised' | 'cleared';
  readonly group: Group;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cause: LatchState['cause'];
  /** What the window was when the alarm was raised. */
  readonly evidence: Evidence | null;
}

export interface WindowMonitorOptions<Event> {
  /** Expected labelled rows between two false alarms. */
  readonly rowsBetweenFalseAlarms: number;
  /** Labelled rows of the longest window. */
  readonly windowRows: number;
  readonly onEvent: (event: Event) => void;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** What a monitor's state has, whatever it counts. */
export interface WindowMonitorState<State, Evidence> {
  readonly schema: 1;
  readonly window_rows: number;
  readonly windows: State[];
  readonly latch: LatchState;
  readonly alarm_size: number;
  readonly raised_by: Evidence | null;
  readonly recent: number[];
}

/**
 * Monitors labelled rows in windows of several sizes at the same time, each with an even share of the false alarms. The windows raise
 * and clear one alarm.
 */
export abstract class WindowMonitor<
  Group extends string,
  Tested extends { readonly logP: number; readonly at: number },
  State,
  Window extends LabelledWindow<Tested, State>,
  Evidence,
> {
  readonly windows: readonly Window[];
  protected readonly compared: ComparedRows;
  protected readonly clock: () => number;
  private readonly group: Group;
  private readonly options: WindowMonitorOptions<WindowEvent<Group, Evidence>>;
  private readonly latched = new WindowAlarm();
  private raisedBy: Evidence | null = null;

  /**
   * `distinct`: whether rows hardly repeat, so that an equal row is one that was sent again. `createWindow` is given the windows of
   * half the size, if there are any.
   */
  constructor(
    group: Group,
    distinct: boolean,
    options: WindowMonitorOptions<WindowEvent<Group, Evidence>>,
    createWindow: (size: number, threshold: number, shorter: Window | undefined) => Window,
  ) {
    this.group = group;
    this.options = options;
    this.clock = options.clock ?? Date.now;
    this.compared = new ComparedRows(distinct);
    const sizes = windowSizes(options.windowRows);
    const windows: Window[] = [];
    for (const size of sizes) {
      const threshold = size / (sizes.length * options.rowsBetweenFalseAlarms);
      windows.push(createWindow(size, threshold, windows.at(-1)));
    }
    this.windows = windows;
  }

  /** Rows since the process started: all that were compared, and those left out because they were sent before. */
  get counters(): ComparedRows['counters'] {
    return this.compared.counters;
  }

  get alarm(): LatchState & { readonly group: Group } {
    return { group: this.group, ...this.latched.latch };
  }

  /** The latest window with the strongest evidence, measured by its own threshold; undefined before the first full window. */
  get strongest(): Window | undefined {
    const excess = ({ tested, threshold }: Window) => tested!.logP - Math.log(threshold);
    return this.windows.filter(({ tested }) => tested).sort((a, b) => excess(a) - excess(b))[0];
  }

  /** What raised the alarm that is on; null without one. */
  get evidence(): Evidence | null {
    return this.latched.latch.detected ? this.raisedBy : null;
  }

  /** Discards all rows and clears the alarm. */
  reset(): void {
    const now = this.clock();
    if (this.latched.clear(now)) this.report('cleared', now);
    for (const window of this.windows) window.reset();
    this.compared.reset();
  }

  /** Adds a row to all windows: `add` adds it to one, and returns the window if the row has filled it. */
  protected addRow(add: (window: Window) => Tested | undefined): void {
    for (const window of this.windows) {
      const tested = add(window);
      if (tested) this.judge(window, tested);
    }
  }

  /** Returns what has the smallest p-value; undefined if no difference matters. */
  protected abstract causeOf(tested: Tested): Cause | undefined;

  /** Returns what a window was that raises the alarm. */
  protected abstract describe(tested: Tested, threshold: number): Evidence;

  protected windowState(): WindowMonitorState<State, Evidence> {
    return {
      schema: 1,
      window_rows: this.options.windowRows,
      windows: this.windows.map((window) => window.state()),
      latch: this.latched.latch,
      alarm_size: this.latched.size,
      raised_by: this.raisedBy,
      recent: this.compared.state(),
    };
  }

  protected restoreWindows(state: WindowMonitorState<State, Evidence>): void {
    for (const [i, window] of this.windows.entries()) window.restore(state.windows[i]!);
    this.latched.latch = state.latch;
    this.latched.size = state.alarm_size;
    this.raisedBy = state.raised_by;
    this.compared.restore(state.recent);
  }

  private judge({ size, threshold }: Window, tested: Tested): void {
    const { logP, at } = tested;
    const change = this.latched.judge({ size, threshold, logP, at, cause: this.causeOf(tested) });
    if (change === 'raised') this.raisedBy = this.describe(tested, threshold);
    if (change) this.report(change, at);
  }

  private report(type: 'raised' | 'cleared', at: number): void {
    const { cause } = this.latched.latch;
    this.options.onEvent({ type, group: this.group, at, cause, evidence: type === 'raised' ? this.raisedBy : null });
  }
}
