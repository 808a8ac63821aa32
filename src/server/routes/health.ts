import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ErrorReply } from '../errors.js';
import type { PredictionService } from '../service.js';

const Ready = Type.Object({ status: Type.Literal('ready'), model_version: Type.String() });

export function healthRoutes(app: FastifyInstance, { service }: { service: PredictionService }): void {
  app.get(
    '/livez',
    {
      schema: {
        summary: 'Whether the process answers',
        tags: ['monitoring'],
        response: { 200: Type.Object({ status: Type.Literal('live') }) },
      },
    },
    async () => ({ status: 'live' }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Whether a model is loaded and has answered its probe; 503 tells why not',
        tags: ['monitoring'],
        response: { 200: Ready, 503: ErrorReply },
      },
    },
    async () => ({ status: 'ready', model_version: String(service.ready.version) }),
  );
}
