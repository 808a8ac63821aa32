import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Card } from '../../../model/versions/card.js';
import { errors, operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { CardTexts } from './card-texts.js';

export const ModelReply = Type.Object({
  model_version: Type.String(),
  name: Type.String(),
  engine: Type.String({ description: 'engine that computes predictions: kernel, or tfjs- and its backend' }),
  ...Card.properties,
});

export function servingModelRoute(app: FastifyInstance, service: PredictionService, name: string): void {
  const texts = new CardTexts();
  app.get(
    '/model',
    operation('model', 'The card of the serving version', { response: { 200: ModelReply, ...errors(503) } }),
    async (_request, reply) => {
      const { version, card, predictor } = service.serving;
      return texts.send(reply, card, { model_version: String(version), name, engine: predictor.engine.name });
    },
  );
}
