import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { Comparison, compareVersions } from '../../../model/versions/comparison.js';
import { errors, operation } from '../../http/operation.js';
import { VersionParams } from './version-params.js';

const { version: Version } = VersionParams.properties;
const CompareParams = Type.Object({ version: Version, other: Version });
export const CompareReply = Type.Object(
  {
    versions: Type.Array(Type.String(), { minItems: 2, maxItems: 2 }),
    ...Comparison.properties,
  },
  { 'x-schema': 'CompareReply' },
);

export function compareRoute(app: FastifyInstance, store: FileStore, createEngine: EngineFactory): void {
  app.get<{ Params: Static<typeof CompareParams> }>(
    '/models/:version/compare/:other',
    operation('model', 'Compare two versions: their metrics, and their predictions of the probe rows of both', {
      operationId: 'compareVersions',
      config: { scope: 'read' },
      params: CompareParams,
      response: { 200: CompareReply, ...errors(400, 404, 409, 503) },
    }),
    async ({ params: { version, other } }) => {
      const [a, b] = await Promise.all([store.read(Number(version)), store.read(Number(other))]);
      return { versions: [version, other], ...compareVersions(a, b, createEngine) };
    },
  );
}
