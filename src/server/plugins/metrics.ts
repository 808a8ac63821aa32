import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, type Metric, type Registry } from 'prom-client';
import type { RequestHistogram } from '../metrics/request-histogram.js';

/** Times every request, and adds what prom-client tells of the process. */
export function metrics(app: FastifyInstance, registry: Registry, durations: RequestHistogram): void {
  collectDefaultMetrics({ register: registry });
  // Gauges named like counters, which promtool refuses; the same numbers are in the metrics without the suffix.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  registry.registerMetric(durations as unknown as Metric);

  app.addHook('onResponse', (request, reply, done) => {
    durations.observe(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
