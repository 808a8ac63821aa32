import type { FastifyInstance } from 'fastify';
import type { Metric, Registry } from 'prom-client';
import type { PredictionHistogram } from '../metrics/prediction-histogram.js';
import type { RequestHistogram } from '../metrics/request-histogram.js';
import type { Overload } from '../overload/overload.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route predicts. */
    readonly predicts?: boolean;
  }
}

/** Times every request, from its arrival. */
export function metrics(
  app: FastifyInstance,
  registry: Registry,
  durations: RequestHistogram,
  predictions: PredictionHistogram,
  overload: Overload,
): void {
  registry.registerMetric(durations as unknown as Metric);
  registry.registerMetric(predictions as unknown as Metric);

  app.addHook('onResponse', (request, reply, done) => {
    const { url: route = 'none', config } = request.routeOptions;
    const seconds = (overload.age(request.raw) ?? reply.elapsedTime) / 1000;
    durations.observe(request.method, route, reply.statusCode, seconds);
    if (config.predicts) predictions.observe(seconds);
    done();
  });
}
