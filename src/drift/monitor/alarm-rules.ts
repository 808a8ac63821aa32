import type { Charts } from '../counts/charts.js';
import type { Channel, Group } from '../rows/channels.js';
import type { WindowTest } from '../window/window-test.js';
import type { Alarms, Cause } from './alarms.js';

/** A window is quiet if no group has a p-value below this, and no chart is beyond this share of its limit. */
const QUIET_P = 0.05;
const QUIET_CHART = 0.75;

/** Raises and clears alarms, from the tests of windows and from the charts between them. */
export class AlarmRules {
  private readonly alarms: Alarms;
  private readonly charts: Charts;
  private readonly channels: readonly Channel[];

  constructor(alarms: Alarms, charts: Charts, channels: readonly Channel[]) {
    this.alarms = alarms;
    this.charts = charts;
    this.channels = channels;
  }

  /** Raises the alarms of a window's test, and counts the window as quiet or not for each group. */
  applyWindow({ groups }: WindowTest, now: number): void {
    for (const { group, alarm, logP, channel } of groups) {
      if (alarm) this.raise(group, now, 'window', channel);
      const quiet = logP > Math.log(QUIET_P) && !this.isBeyond(group, QUIET_CHART);
      this.alarms.settle(group, now, quiet);
    }
  }

  /** Raises the alarms of the charts that are beyond their limits. */
  applyCharts(now: number): void {
    for (let c = 0; c < this.channels.length; c++) {
      if (!this.charts.isBeyond(c)) continue;
      const { group } = this.channels[c]!;
      const { detected, quiet } = this.alarms.of(group);
      if (!detected || quiet > 0) this.raise(group, now, 'chart', c);
    }
  }

  private isBeyond(group: Group, share: number): boolean {
    return this.channels.some((channel, c) => channel.group === group && this.charts.isBeyond(c, share));
  }

  private raise(group: Group, now: number, by: Cause['by'], channel: number): void {
    const { kind, name } = this.channels[channel]!;
    this.alarms.raise(group, now, { by, kind, name });
  }
}
