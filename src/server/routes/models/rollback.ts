import type { FastifyInstance } from 'fastify';
import { errors, operation } from '../../http/operation.js';
import type { ModelLoader } from '../../service/versions/model-loader.js';
import { ActivationReply, describeActivation } from './activate.js';

export function rollbackRoute(app: FastifyInstance, { loader }: { loader: ModelLoader }): void {
  app.post(
    '/models/rollback',
    operation('model', 'Make the previous version production again; a second rollback undoes the first', {
      response: { 200: ActivationReply, ...errors(409, 507) },
    }),
    async () => describeActivation(await loader.rollback()),
  );
}
