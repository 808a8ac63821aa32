import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { ErrorReply } from '../../http/errors.js';
import type { Activation, ModelLoader } from '../../service/versions/model-loader.js';
import { VersionParams } from './version-params.js';

export const ActivationReply = Type.Object({
  model_version: Type.String(),
  former_version: Type.Union([Type.String(), Type.Null()], { description: 'the former production version' }),
});

export function activateRoute(app: FastifyInstance, { loader }: { loader: ModelLoader }): void {
  app.post<{ Params: Static<typeof VersionParams> }>(
    '/models/:version/activate',
    {
      schema: {
        summary: 'Make a version production: it is verified, warmed up and swapped in; the former one becomes previous',
        tags: ['model'],
        params: VersionParams,
        response: { 200: ActivationReply, 400: ErrorReply, 404: ErrorReply, 409: ErrorReply, 507: ErrorReply },
      },
    },
    async ({ params: { version } }) => describeActivation(await loader.activate(Number(version))),
  );
}

export function describeActivation({ version, former }: Activation): Static<typeof ActivationReply> {
  return { model_version: String(version), former_version: former === null ? null : String(former) };
}
