import { Counter, Gauge, type Metric, type Registry } from 'prom-client';
import type { Channel } from '../../drift/rows/channels.js';
import { ABOVE, BELOW, MISSING } from '../../drift/rows/row-reader.js';
import { isCycle } from '../../model/baseline/features/watched.js';
import type { DriftService } from '../service/drift/drift-service.js';
import type { MonitoredVersion } from '../service/drift/monitored-version.js';
import { conformalHistogram } from './conformal-histogram.js';

/**
 * Registers the metrics of drift, which are computed at each scrape. Counters are sums over rows, so that replicas add up. A new
 * baseline resets them to 0, which Prometheus handles like a restart. With more than `featuresWithBins` features, bins are left
 * out: 23 series per feature are too many for most Prometheus servers.
 */
export function registerDriftMetrics(registry: Registry, drift: DriftService, featuresWithBins: number): void {
  const registers = [registry];
  /**
   * The channels whose bins are exported: all but the conditional residuals, and the cycles of timestamps, in which the rows of
   * any quarter of an hour differ from the baseline.
   */
  const withBins = (channels: readonly Channel[]) =>
    featuresOf(channels).length > featuresWithBins
      ? []
      : channels.filter(({ kind, isCycle }) => kind !== 'conditional' && !isCycle);

  /** Registers a gauge, or below a counter, all of whose samples are set at each scrape. */
  const gauge = (name: string, help: string, labelNames: string[], samples: Samples) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        // Without labels, `reset` leaves a 0 that was not measured.
        if (labelNames.length === 0) this.remove();
        if (drift.monitored) samples(drift.monitored, (labels, value) => this.set(labels, value));
      },
    });
  const counter = (name: string, help: string, labelNames: string[], samples: Samples) =>
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        if (drift.monitored) samples(drift.monitored, (labels, value) => this.inc(labels, value));
      },
    });

  counter(
    'model_feature_rows_total',
    'Rows by feature and quantile bin of the baseline, and by guard bin; the prediction and the error as features',
    ['feature', 'bin'],
    ({ monitor }, add) => {
      const { counters, channels } = monitor;
      for (const channel of withBins(channels)) {
        channel.bins.counts.forEach((_, bin) => {
          add({ feature: label(channel), bin: String(bin + 1) }, counters.bins[channel.offset + bin]!);
        });
        if (channel.kind !== 'feature') continue;
        for (const [bin, place] of GUARDS)
          add({ feature: label(channel), bin }, counters.places[4 * channel.index + place]!);
      }
    },
  );
  gauge(
    'model_feature_reference_ratio',
    'Share of the baseline in each quantile bin, smoothed: (rows + 1/2) / (all rows + bins / 2)',
    ['feature', 'bin'],
    ({ monitor }, set) => {
      for (const channel of withBins(monitor.channels)) {
        const { counts } = channel.bins;
        const all = counts.reduce((sum, count) => sum + count, 0) + counts.length / 2;
        for (const [bin, count] of counts.entries())
          set({ feature: label(channel), bin: String(bin + 1) }, (count + 0.5) / all);
      }
    },
  );
  gauge(
    'model_feature_degrees_of_freedom',
    'Quantile bins less one; ties merge bins',
    ['feature'],
    ({ monitor }, set) => {
      for (const channel of withBins(monitor.channels))
        set({ feature: label(channel) }, channel.bins.counts.length - 1);
    },
  );
  counter(
    'model_feature_out_of_range_rows_total',
    'Rows outside the range of a feature in the baseline',
    ['feature'],
    ({ monitor: { counters, channels } }, add) => {
      for (const channel of featuresOf(channels)) {
        const at = 4 * channel.index;
        add({ feature: channel.name }, counters.places[at + BELOW]! + counters.places[at + ABOVE]!);
      }
    },
  );
  counter(
    'model_feature_missing_rows_total',
    'Rows in which a feature was missing',
    ['feature'],
    ({ monitor: { counters, channels } }, add) => {
      for (const channel of featuresOf(channels)) {
        add({ feature: channel.name }, counters.places[4 * channel.index + MISSING]!);
      }
    },
  );

  counter(
    'model_implausible_rows_total',
    'Rows with a value so far out of the range of the baseline that its tails have fewer than one in a million; the prediction as a feature',
    ['feature'],
    ({ monitor: { guards, channels } }, add) => {
      for (const [j, { channel, isCycle }] of guards.columns.entries()) {
        if (isCycle) continue;
        add({ feature: label(channels[channel]!) }, guards.implausible[j]!);
      }
    },
  );

  gauge(
    'model_feature_reference_missing_ratio',
    'Share of the rows of the baseline in which a feature was missing',
    ['feature'],
    ({ baseline }, set) => {
      for (const feature of baseline.features) {
        if (!isCycle(feature)) set({ feature: feature.name }, feature.missing / baseline.rows);
      }
    },
  );

  gauge(
    'model_drift_score',
    'Evidence of drift: -log10 p of a window test, the deviate of a chart, or 1 + log10 of the density of a guard over its limit',
    ['channel', 'statistic', 'window'],
    (monitored, set) => {
      for (const { labels, score } of evidence(monitored)) set(labels, score);
    },
  );
  gauge(
    'model_drift_threshold',
    'The value of model_drift_score above which an alarm is raised',
    ['channel', 'statistic', 'window'],
    (monitored, set) => {
      for (const { labels, threshold } of evidence(monitored)) set(labels, threshold);
    },
  );
  gauge(
    'model_drift_detected',
    'Whether a group of tests has raised an alarm and has not been quiet since',
    ['group'],
    (_, set) => {
      for (const { group, detected } of drift.alarms) set({ group }, detected ? 1 : 0);
    },
  );
  counter('model_drift_alarms_total', 'Alarms raised, by group of tests', ['group'], (_, add) => {
    for (const { group, alarms } of drift.alarms) add({ group }, alarms);
  });
  gauge(
    'model_drift_undecided_ratio',
    'Share of the channels of a group whose window tests cannot distinguish drift from the order of the rows',
    ['group'],
    ({ monitor: { channels, dependence, groups } }, set) => {
      for (const group of groups) {
        const own = channels.flatMap((channel, c) => (channel.group === group ? [c] : []));
        if (own.length === 0) continue;
        set({ group }, own.filter((c) => !Number.isFinite(dependence.windows[c]!)).length / own.length);
      }
    },
  );
  counter(
    'model_repeated_rows_total',
    'Rows that repeated one of the 64 rows before them, and were not counted for drift',
    [],
    ({ monitor }, add) => add({}, monitor.repeats.total),
  );
  gauge('model_drift_window_rows', 'Rows in the window that is being filled', [], ({ monitor }, set) => {
    set({}, monitor.filledRows);
  });
  gauge(
    'model_baseline_rows',
    'Rows that the baseline was made from; no sample if drift monitoring is off',
    [],
    ({ baseline }, set) => {
      set({}, baseline.rows);
    },
  );
  gauge(
    'model_baseline_info',
    '1, with the serving version and the hash of its baseline',
    ['model_version', 'baseline'],
    ({ version, monitor }, set) => set({ model_version: String(version), baseline: monitor.hash.slice(0, 16) }, 1),
  );

  registry.registerMetric(conformalHistogram(drift) as unknown as Metric);
}

type Samples = (monitored: MonitoredVersion, set: (labels: Record<string, string>, value: number) => void) => void;

const GUARDS = [
  ['below', BELOW],
  ['above', ABOVE],
  ['missing', MISSING],
] as const;

function featuresOf(channels: readonly Channel[]): readonly Channel[] {
  return channels.filter(({ kind, isCycle }) => kind === 'feature' && !isCycle);
}

/** A channel's value of the label `feature` or `channel`. For a feature it is the feature's name. */
function label({ kind, name }: Channel): string {
  if (kind === 'output') return `prediction:${name}`;
  return kind === 'conditional' ? `conditional:${name}` : name;
}

function* evidence({ monitor }: MonitoredVersion) {
  const { latestTest: test, channels, charts, guards } = monitor;
  for (const { group, channel, test: statistic, logP } of test?.evidence ?? []) {
    const { threshold, tests } = test!.groups.find((one) => one.group === group)!;
    const labels = { channel: label(channels[channel]!), statistic, window: 'latest' };
    yield { labels, score: -logP / Math.LN10, threshold: -Math.log10(threshold / tests) };
  }
  for (const [c, channel] of channels.entries()) {
    if (channel.isCycle) continue;
    const labels = { channel: label(channel), statistic: 'ewma_histogram', window: 'ewma' };
    yield { labels, score: charts.deviate(c), threshold: charts.histogramLimit };
  }
  for (const { column, test: guard, density } of guards.densities()) {
    const labels = { channel: label(channels[column.channel]!), statistic: `scan_${guard}`, window: 'scan' };
    yield { labels, score: Math.max(0, 1 + Math.log10(density)), threshold: 1 };
  }
  const labels = { channel: 'reconstruction_error', statistic: 'ewma_mean', window: 'ewma' };
  yield { labels, score: Math.abs(charts.errorDeviate()), threshold: charts.errorLimit };
}
