import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { ServedModel } from '../served-model.js';

/** The routes of KServe's V1 protocol that TensorFlow Serving does not share. */
export async function kserveV1(app: FastifyInstance, { model }: { model: ServedModel }): Promise<void> {
  app.get(
    '/v1/models',
    {
      schema: {
        summary: 'KServe V1: the names of all models',
        tags: ['tensorflow serving, kserve v1'],
        response: { 200: Type.Object({ models: Type.Array(Type.String()) }) },
      },
      config: { quiet: true },
    },
    async () => ({ models: [model.name] }),
  );
}
