import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Card } from '../../../model/versions/card.js';
import { errors, operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';

export const ModelReply = Type.Object({
  model_version: Type.String(),
  name: Type.String(),
  engine: Type.String({ description: 'engine that computes predictions: kernel, or tfjs- and its backend' }),
  ...Card.properties,
});

export function servingModelRoute(app: FastifyInstance, service: PredictionService, name: string): void {
  app.get(
    '/model',
    operation('model', 'The card of the serving version', { response: { 200: ModelReply, ...errors(503) } }),
    async () => {
      const { version, card, predictor } = service.serving;
      return { model_version: String(version), name, engine: predictor.engine.name, ...card };
    },
  );
}
