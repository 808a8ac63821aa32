import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Card } from '../../../model/versions/card.js';
import { errors, operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { mlflowSignature, namedRowSchema } from '../../service/versions/input-schema.js';
import { CardTexts } from './card-texts.js';

const SignatureColumn = Type.Object({ type: Type.String(), name: Type.String(), required: Type.Boolean() });

export const ModelReply = Type.Object(
  {
    model_version: Type.String(),
    name: Type.String(),
    engine: Type.String({ description: 'engine that computes predictions: kernel, or tfjs- and its backend' }),
    input_schema: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'JSON Schema of a row by name, with the types of its values, their levels and an example',
    }),
    signature: Type.Object(
      { inputs: Type.Array(SignatureColumn), outputs: Type.Array(SignatureColumn) },
      { description: 'as MLflow writes it' },
    ),
    ...Card.properties,
  },
  { 'x-schema': 'ModelReply' },
);

export function servingModelRoute(app: FastifyInstance, service: PredictionService, name: string): void {
  const texts = new CardTexts();
  app.get(
    '/model',
    operation('model', 'The card of the serving version', {
      operationId: 'getModel',
      config: { scope: 'read' },
      response: { 200: ModelReply, ...errors(503) },
    }),
    async (_request, reply) => {
      const { version, card, predictor } = service.serving;
      const described = { input_schema: namedRowSchema(card), signature: mlflowSignature(card) };
      const fields = { model_version: String(version), name, engine: predictor.engine.name, ...described };
      return texts.send(reply, card, fields);
    },
  );
}
