import type { Charts } from '../counts/charts.js';
import type { GuardCharts } from '../guards/guard-charts.js';
import type { Group } from '../rows/channels.js';
import type { WindowTest } from '../window/window-test.js';
import type { AlarmEvidence } from './alarm-evidence.js';
import type { Cause } from './alarms.js';

/** The statistic of channel `c` that raised a group's alarm, its score and its threshold, as the metrics have them. */
export function scoreOf(
  group: Group,
  by: Cause['by'],
  c: number,
  charts: Charts,
  guards: GuardCharts,
  test: WindowTest | undefined,
): Pick<AlarmEvidence, 'statistic' | 'score' | 'threshold'> {
  if (by === 'window' && test) {
    const { threshold, tests } = test.groups.find((one) => one.group === group)!;
    const { test: statistic, logP } = test.evidence
      .filter((one) => one.group === group && one.channel === c && one.matters)
      .reduce((best, one) => (one.logP < best.logP ? one : best));
    return { statistic, score: -logP / Math.LN10, threshold: -Math.log10(threshold / tests) };
  }
  if (group === 'guards') {
    let densest = { test: 'range', density: 1 };
    for (const one of guards.densities()) {
      if (one.column.channel === c && one.density >= densest.density) densest = one;
    }
    return { statistic: `scan_${densest.test}`, score: 1 + Math.log10(densest.density), threshold: 1 };
  }
  const deviate = Math.abs(charts.errorDeviate());
  if (group === 'error' && deviate > charts.errorLimit) {
    return { statistic: 'ewma_mean', score: deviate, threshold: charts.errorLimit };
  }
  return { statistic: 'ewma_histogram', score: charts.deviate(c), threshold: charts.histogramLimit };
}
