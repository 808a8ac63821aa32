import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Registers prom-client's metrics of the process. */
export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  // Gauges named like counters, which promtool rejects. The metrics without the suffix hold the same values.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
}
