import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { Charts } from '../counts/charts.js';
import { type Channel, GROUPS, type Group } from '../rows/channels.js';
import type { WindowTest } from '../window/window-test.js';

/** The window test or the chart that raised an alarm, and its channel. */
export const Cause = Type.Object({ by: Type.Enum(['window', 'chart']), kind: Type.String(), name: Type.String() });
export type Cause = Static<typeof Cause>;

/** A group's alarm. */
export const LatchState = Type.Object({
  detected: Type.Boolean({ description: 'latched until the group has been quiet for three windows' }),
  since: nullable(
    Type.Number({ description: 'time of the latest change, in milliseconds since the epoch; null before the first' }),
  ),
  cause: nullable(Cause),
  alarms: Type.Integer({ minimum: 0, description: 'alarms raised' }),
  quiet: Type.Integer({ minimum: 0, description: 'quiet windows in a row' }),
});
export type LatchState = Readonly<Static<typeof LatchState>>;

export interface DriftEvent {
  readonly type: 'raised' | 'cleared';
  readonly group: Group;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cause: Cause | null;
  /** Why an alarm was cleared, unless it was quiet windows or a reset: the order of the rows may have raised it. */
  readonly reason?: 'order';
}

/** A window is quiet if no group has a p-value below this, and no chart is beyond this share of its limit. */
const QUIET_P = 0.05;
const QUIET_CHART = 0.75;
/** Quiet windows in a row that clear an alarm. */
const QUIET_WINDOWS = 3;
const CLEARED: LatchState = { detected: false, since: null, cause: null, alarms: 0, quiet: 0 };

/**
 * An alarm per group, raised by the tests of windows and by the charts between them. Alarms are latched with hysteresis: one alarm raises the latch, several quiet windows in a row clear it.
 * Every change is reported as an event.
 */
export class Alarms {
  private readonly latches: Record<Group, LatchState>;
  private readonly charts: Charts;
  private readonly channels: readonly Channel[];
  private readonly onEvent: (event: DriftEvent) => void;

  constructor(charts: Charts, channels: readonly Channel[], onEvent: (event: DriftEvent) => void) {
    this.charts = charts;
    this.channels = channels;
    this.latches = { features: CLEARED, guards: CLEARED, error: CLEARED, conditional: CLEARED };
    this.onEvent = onEvent;
  }

  of(group: Group): LatchState {
    return this.latches[group];
  }

  /**
   * Raises the alarms of a window's test, and counts the window as quiet or not for each group. `guardsBeyond`: whether an alarm
   * of the guards' charts lasts.
   */
  applyWindow({ groups }: WindowTest, now: number, guardsBeyond: boolean): void {
    for (const { group, alarm, logP, channel } of groups) {
      if (alarm) this.raise(group, now, 'window', channel);
      const beyond =
        group === 'guards'
          ? guardsBeyond
          : this.channels.some((one, c) => one.group === group && this.charts.isBeyond(c, QUIET_CHART));
      this.settle(group, now, logP > Math.log(QUIET_P) && !beyond);
    }
  }

  /** Raises the alarms of the charts that are beyond their limits. */
  applyCharts(now: number): void {
    for (let c = 0; c < this.channels.length; c++) {
      if (!this.charts.isBeyond(c)) continue;
      const { group } = this.channels[c]!;
      const { detected, quiet } = this.latches[group];
      if (!detected || quiet > 0) this.raise(group, now, 'chart', c);
    }
  }

  /** Raises the alarm of the guards whose charts have just gone beyond their limits, given their channels. */
  applyGuards(channels: readonly number[], now: number): void {
    for (const channel of channels) this.raise('guards', now, 'chart', channel);
  }

  /** Raises the group's alarm. If it is raised already, its quiet windows are forgotten. */
  private raise(group: Group, now: number, by: Cause['by'], channel: number): void {
    const latch = this.latches[group];
    if (latch.detected) {
      if (latch.quiet > 0) this.latches[group] = { ...latch, quiet: 0 };
      return;
    }
    const { kind, name } = this.channels[channel]!;
    const cause = { by, kind, name };
    this.latches[group] = { detected: true, since: now, cause, alarms: latch.alarms + 1, quiet: 0 };
    this.report('raised', group, now);
  }

  /** Counts a window that was `quiet` for the group or not. Clears the alarm after enough quiet windows. */
  private settle(group: Group, now: number, quiet: boolean): void {
    const latch = this.latches[group];
    if (!latch.detected) return;
    const windows = quiet ? latch.quiet + 1 : 0;
    if (windows < QUIET_WINDOWS) this.latches[group] = { ...latch, quiet: windows };
    else this.clearGroup(group, now);
  }

  /** Clears the alarms that the order of the rows may have raised, because it has been recognised. Guards do not depend on it. */
  withdraw(now: number): void {
    for (const group of GROUPS) {
      if (group !== 'guards' && this.latches[group].detected) this.clearGroup(group, now, 'order');
    }
  }

  /** Clears all alarms. */
  clear(now: number): void {
    for (const group of GROUPS) if (this.latches[group].detected) this.clearGroup(group, now);
  }

  /** One state per group, in the order of `GROUPS`. */
  state(): LatchState[] {
    return GROUPS.map((group) => this.latches[group]);
  }

  restore(state: readonly LatchState[]): void {
    GROUPS.forEach((group, i) => {
      this.latches[group] = state[i]!;
    });
  }

  private clearGroup(group: Group, now: number, reason?: DriftEvent['reason']): void {
    this.latches[group] = { ...this.latches[group], detected: false, since: now, quiet: 0 };
    this.report('cleared', group, now, reason);
  }

  private report(type: DriftEvent['type'], group: Group, at: number, reason?: DriftEvent['reason']): void {
    this.onEvent({ type, group, at, cause: this.latches[group].cause, ...(reason && { reason }) });
  }
}
