import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DomainError, show } from '../../../base/domain-error.js';
import { NUMBER_NAME } from '../../../base/files/directory.js';
import { readJsonObject } from '../../../base/json/json-object.js';
import { isObject } from '../../../base/json/parse-json.js';
import { takeBytes } from '../../bodies/raw-body.js';
import { ErrorReply } from '../../http/errors.js';
import { operation } from '../../http/operation.js';
import { invalidRequest } from '../../readers/row-list.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import type { ServedModel } from '../served-model.js';
import { RepositoryIndex, TAG } from './open-inference-schemas.js';
import { refuseOtherModels } from './refuse-place.js';

export interface ModelRepositoryOptions {
  readonly model: ServedModel;
  readonly service: PredictionService;
  /** Makes `version` serve. */
  readonly activate: (version: number) => Promise<unknown>;
  /** Serves a version of the store. Returns false if the store is empty. */
  readonly activateStored: () => Promise<boolean>;
}

type Body = Buffer | undefined;

const EMPTY = { content: { 'text/plain': { schema: Type.String({ description: 'empty' }) } } };

/**
 * The model repository extension of the Open Inference Protocol. To load a version is to make it serve. Clients also load the
 * model at each start, without a version: that changes nothing while one serves.
 */
export async function modelRepository(app: FastifyInstance, options: ModelRepositoryOptions): Promise<void> {
  const { model, service, activate, activateStored } = options;
  const errors = { 400: ErrorReply, 404: ErrorReply, 500: ErrorReply };
  takeBytes(app);
  // The handlers check their bodies, which are bytes.
  app.setValidatorCompiler(() => () => true);

  app.post<{ Body: Body }>(
    '/v2/repository/index',
    operation(TAG, 'Open Inference Protocol: all versions, and which one is ready', {
      response: { 200: RepositoryIndex, ...errors },
      body: Type.Object({ ready: Type.Optional(Type.Boolean({ description: 'only those that are ready' })) }),
      config: { scope: 'read', readOnlySafe: true },
    }),
    async ({ body }) => {
      const { ready = false } = read(body);
      if (typeof ready !== 'boolean') throw invalidRequest(`ready: expected true or false, got ${show(ready)}`);
      const serving = service.servingIfReady?.version;
      const versions = (await model.versions()).map((version) => ({
        name: model.name,
        version: String(version),
        state: version === serving ? 'READY' : 'UNAVAILABLE',
        reason: version === serving ? '' : 'it does not serve',
      }));
      return ready ? versions.filter(({ state }) => state === 'READY') : versions;
    },
  );

  app.post<{ Params: { name: string }; Body: Body }>(
    '/v2/repository/models/:name/load',
    operation(
      TAG,
      'Open Inference Protocol: make the version of `parameters.version` serve; without one, the version that serves stays',
      {
        response: { 200: EMPTY, ...errors },
        body: Type.Object({ parameters: Type.Optional(Type.Object({ version: Type.Optional(Type.String()) })) }),
        config: { scope: 'activate', audit: { action: 'activate' } },
      },
    ),
    async (request, reply) => {
      const {
        params: { name },
        body,
      } = request;
      refuseOtherModels(model, name);
      const { parameters = {} } = read(body);
      if (!isObject(parameters)) throw invalidRequest(`parameters: expected an object, got ${show(parameters)}`);
      const { version } = parameters;
      if (version === undefined || version === null) {
        if (!service.servingIfReady && !(await activateStored())) {
          throw new DomainError('VERSION_NOT_FOUND', `model ${show(name)} has no version to load`);
        }
        request.auditDetail = { model_version: String(service.serving.version) };
        return reply.send();
      }
      if (!(typeof version === 'string' || typeof version === 'number') || !NUMBER_NAME.test(String(version))) {
        throw invalidRequest(`parameters.version: expected the number of a version, got ${show(version)}`);
      }
      if (!(await model.versions()).includes(Number(version))) {
        throw new DomainError('VERSION_NOT_FOUND', `model ${show(name)} has no version ${version}`);
      }
      request.auditDetail = { model_version: String(version) };
      await activate(Number(version));
      return reply.send();
    },
  );

  app.post<{ Params: { name: string } }>(
    '/v2/repository/models/:name/unload',
    operation(TAG, 'Open Inference Protocol: refused if a version serves, because one always must', {
      response: {
        200: EMPTY,
        404: ErrorReply,
        501: ErrorReply,
      },
      // Refused as long as a version serves; without one, there is nothing to unload.
      config: { scope: 'activate', audit: false },
    }),
    async ({ params: { name } }, reply) => {
      refuseOtherModels(model, name);
      if (!service.servingIfReady) return reply.send();
      throw new DomainError(
        'NOT_IMPLEMENTED',
        'unload: the one model always serves; load another version in its place',
      );
    },
  );
}

/** Reads an optional body. */
function read(body: Body): Record<string, unknown> {
  return body && body.length > 0 ? readJsonObject(body) : {};
}
