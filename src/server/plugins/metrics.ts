import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, type Metric, type Registry } from 'prom-client';
import type { RequestHistogram } from '../metrics/request-histogram.js';

/** Times every request, and registers prom-client's metrics of the process. */
export function metrics(app: FastifyInstance, registry: Registry, durations: RequestHistogram): void {
  collectDefaultMetrics({ register: registry });
  // Gauges named like counters, which promtool rejects. The metrics without the suffix hold the same values.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  registry.registerMetric(durations as unknown as Metric);

  app.addHook('onResponse', (request, reply, done) => {
    durations.observe(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
