import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { Type } from 'typebox';
import { operation } from '../http/operation.js';

export function metricsRoute(app: FastifyInstance, registry: Registry): void {
  // The second is TensorFlow Serving's path.
  for (const path of ['/metrics', '/monitoring/prometheus/metrics']) {
    app.get(
      path,
      operation('monitoring', 'Metrics for Prometheus, text format 0.0.4', {
        config: { scope: 'metrics', quiet: true },
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } } },
      }),
      async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
    );
  }
}
