import type { FastifyInstance } from 'fastify';
import { ErrorReply } from '../../http/errors.js';
import type { ModelLoader } from '../../service/versions/model-loader.js';
import { ActivationReply, describeActivation } from './activate.js';

export function rollbackRoute(app: FastifyInstance, { loader }: { loader: ModelLoader }): void {
  app.post(
    '/models/rollback',
    {
      schema: {
        summary: 'Make the previous version production again; a second rollback undoes the first',
        tags: ['model'],
        response: { 200: ActivationReply, 409: ErrorReply, 507: ErrorReply },
      },
    },
    async () => describeActivation(await loader.rollback()),
  );
}
