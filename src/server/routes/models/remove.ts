import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { errors, operation } from '../../http/operation.js';
import type { ModelLoader } from '../../service/versions/model-loader.js';
import { VersionParams } from './version-params.js';

export function removeRoute(app: FastifyInstance, store: FileStore, loader: Pick<ModelLoader, 'isInUse'>): void {
  app.delete<{ Params: Static<typeof VersionParams> }>(
    '/models/:version',
    operation('model', 'Remove a version that does not serve and has no alias; its number is not used again', {
      operationId: 'deleteVersion',
      config: { scope: 'activate', audit: { action: 'delete', target: 'version' } },
      params: VersionParams,
      response: {
        204: { description: 'removed', content: { 'application/json': { schema: Type.Null() } } },
        ...errors(400, 404, 409, 503, 507),
      },
    }),
    async ({ params: { version }, log }, reply) => {
      // No alias may name it: it can serve in place of a broken production, or answer in the shadow.
      if (loader.isInUse(Number(version))) {
        throw new DomainError(
          'VERSION_IN_USE',
          `version ${version} serves or answers in the shadow: it cannot be removed`,
        );
      }
      await store.remove(Number(version));
      log.info({ model_version: version }, 'model version removed');
      return reply.code(204).send();
    },
  );
}
