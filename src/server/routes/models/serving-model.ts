import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Card } from '../../../model/versions/card.js';
import { ErrorReply } from '../../http/errors.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';

export const ModelReply = Type.Object({
  model_version: Type.String(),
  name: Type.String(),
  engine: Type.String({ description: 'what computes: kernel, plain, or tfjs- and its backend' }),
  ...Card.properties,
});

export function servingModelRoute(
  app: FastifyInstance,
  { service, name }: { service: PredictionService; name: string },
): void {
  app.get(
    '/model',
    {
      schema: {
        summary: 'The card of the serving version',
        tags: ['model'],
        response: { 200: ModelReply, 503: ErrorReply },
      },
    },
    async () => {
      const { version, card, predictor } = service.serving;
      return { model_version: String(version), name, engine: predictor.engine.name, ...card };
    },
  );
}
