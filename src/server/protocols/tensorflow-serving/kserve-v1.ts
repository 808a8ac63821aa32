import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { operation } from '../../http/operation.js';
import type { ServedModel } from '../served-model.js';
import { TAG } from './tensorflow-schemas.js';

/** The routes of KServe's V1 protocol that TensorFlow Serving does not share. */
export async function kserveV1(app: FastifyInstance, { model }: { model: ServedModel }): Promise<void> {
  const reply = { 200: Type.Object({ models: Type.Array(Type.String()) }) };
  app.get(
    '/v1/models',
    operation(TAG, 'KServe V1: the names of all models', { response: reply, config: { scope: 'read', quiet: true } }),
    async () => ({
      models: [model.name],
    }),
  );
}
