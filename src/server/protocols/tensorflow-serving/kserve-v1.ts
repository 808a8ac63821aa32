import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { described } from '../described.js';
import type { ServedModel } from '../served-model.js';
import { TAG } from './tensorflow-schemas.js';

/** The routes of KServe's V1 protocol that TensorFlow Serving does not share. */
export async function kserveV1(app: FastifyInstance, { model }: { model: ServedModel }): Promise<void> {
  const reply = { 200: Type.Object({ models: Type.Array(Type.String()) }) };
  app.get('/v1/models', described(TAG, 'KServe V1: the names of all models', reply, { quiet: true }), async () => ({
    models: [model.name],
  }));
}
