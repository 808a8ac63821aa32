import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { errors, operation } from '../../http/operation.js';
import { type Activation, activated, type ModelLoader } from '../../service/versions/model-loader.js';
import { VersionParams } from './version-params.js';

const ActivationReply = Type.Object(
  {
    model_version: Type.String(),
    former_version: Type.Union([Type.String(), Type.Null()], { description: 'the former production version' }),
  },
  { 'x-schema': 'ActivationReply' },
);

export function activationRoutes(app: FastifyInstance, loader: ModelLoader): void {
  app.post<{ Params: Static<typeof VersionParams> }>(
    '/models/:version/activate',
    operation(
      'model',
      'Make a version production: it is verified, warmed up and swapped in; the former one becomes previous',
      {
        operationId: 'activateVersion',
        config: { scope: 'activate', audit: { action: 'activate', target: 'version' } },
        params: VersionParams,
        response: { 200: ActivationReply, ...errors(400, 404, 409, 503, 507) },
      },
    ),
    async (request) => describeActivation(request, await loader.activate(Number(request.params.version))),
  );

  app.post(
    '/models/rollback',
    operation('model', 'Make the previous version production again; a second rollback undoes the first', {
      operationId: 'rollBack',
      config: { scope: 'activate', audit: { action: 'rollback' } },
      response: { 200: ActivationReply, ...errors(409, 503, 507) },
    }),
    async (request) => describeActivation(request, await loader.rollback()),
  );
}

function describeActivation(
  request: Pick<FastifyRequest, 'auditDetail'>,
  activation: Activation,
): Static<typeof ActivationReply> {
  const reply = activated(activation);
  request.auditDetail = reply;
  return reply;
}
