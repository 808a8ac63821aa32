import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { errors, operation } from '../../http/operation.js';
import type { Activation, ModelLoader } from '../../service/versions/model-loader.js';
import { VersionParams } from './version-params.js';

const ActivationReply = Type.Object({
  model_version: Type.String(),
  former_version: Type.Union([Type.String(), Type.Null()], { description: 'the former production version' }),
});

export function activationRoutes(app: FastifyInstance, loader: ModelLoader): void {
  app.post<{ Params: Static<typeof VersionParams> }>(
    '/models/:version/activate',
    operation(
      'model',
      'Make a version production: it is verified, warmed up and swapped in; the former one becomes previous',
      {
        config: { scope: 'activate' },
        params: VersionParams,
        response: { 200: ActivationReply, ...errors(400, 404, 409, 503, 507) },
      },
    ),
    async ({ params: { version } }) => describeActivation(await loader.activate(Number(version))),
  );

  app.post(
    '/models/rollback',
    operation('model', 'Make the previous version production again; a second rollback undoes the first', {
      config: { scope: 'activate' },
      response: { 200: ActivationReply, ...errors(409, 503, 507) },
    }),
    async () => describeActivation(await loader.rollback()),
  );
}

function describeActivation({ version, former }: Activation): Static<typeof ActivationReply> {
  return { model_version: String(version), former_version: former === null ? null : String(former) };
}
