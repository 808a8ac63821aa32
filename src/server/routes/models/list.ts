import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ALIAS_NAMES, type ModelStore } from '../../../model/store/store.js';
import { errors, operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { type Catalog, Summary } from '../../service/versions/catalog.js';

const { created_at, origin, ...others } = Summary.properties;
const Version = Type.Union([Type.String(), Type.Null()]);

export const ModelsReply = Type.Object({
  aliases: Type.Object({
    generation: Type.Integer({ description: 'number of changes so far' }),
    production: Version,
    candidate: Version,
    previous: Version,
  }),
  serving: Type.Union([Type.String(), Type.Null()], { description: 'the version that this process serves' }),
  models: Type.Array(
    Type.Object({
      model_version: Type.String(),
      created_at,
      origin,
      aliases: Type.Array(Type.Enum([...ALIAS_NAMES])),
      serving: Type.Boolean(),
      ...others,
    }),
    { description: 'newest first' },
  ),
});

export interface ModelsOptions {
  readonly store: ModelStore;
  readonly catalog: Catalog;
  readonly service: PredictionService;
}

export function listRoute(app: FastifyInstance, { store, catalog, service }: ModelsOptions): void {
  app.get(
    '/models',
    operation('model', 'All versions and their aliases, and the version that serves', {
      response: { 200: ModelsReply, ...errors(500) },
    }),
    async () => {
      const summaries = await catalog.list();
      const aliases = await store.aliases();
      const serving = service.servingIfReady?.version;
      return {
        aliases: {
          generation: aliases.generation,
          production: text(aliases.production),
          candidate: text(aliases.candidate),
          previous: text(aliases.previous),
        },
        serving: text(serving ?? null),
        models: summaries.map(({ version, ...summary }) => ({
          model_version: String(version),
          ...summary,
          aliases: ALIAS_NAMES.filter((name) => aliases[name] === version),
          serving: version === serving,
        })),
      };
    },
  );
}

function text(version: number | null): string | null {
  return version === null ? null : String(version);
}
