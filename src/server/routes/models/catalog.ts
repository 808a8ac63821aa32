import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { ALIAS_NAMES } from '../../../model/store/aliases.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { Annotations } from '../../../model/versions/annotations.js';
import { Card } from '../../../model/versions/card.js';
import { errors, operation } from '../../http/operation.js';
import type { PredictionService } from '../../service/prediction/prediction-service.js';
import { type Catalog, Summary } from '../../service/versions/catalog.js';
import { tagOf, type VersionNotes } from '../../service/versions/version-notes.js';
import { CardTexts } from './card-texts.js';
import { VersionParams } from './version-params.js';

const { created_at, origin, ...others } = Summary.properties;
const Version = Type.Union([Type.String(), Type.Null()]);

export const ModelsReply = Type.Object(
  {
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
  },
  { 'x-schema': 'ModelsReply' },
);

/** A version's card, and what people say of it. */
export const CardReply = Type.Object(
  { model_version: Type.String(), name: Type.String(), ...Annotations.properties, ...Card.properties },
  { 'x-schema': 'CardReply' },
);

export interface CatalogRouteOptions {
  readonly store: FileStore;
  readonly catalog: Catalog;
  readonly notes: VersionNotes;
  readonly service: PredictionService;
  readonly name: string;
}

export function catalogRoutes(
  app: FastifyInstance,
  { store, catalog, notes, service, name }: CatalogRouteOptions,
): void {
  const texts = new CardTexts();
  app.get(
    '/models',
    operation('model', 'All versions and their aliases, and the version that serves', {
      operationId: 'listVersions',
      config: { scope: 'read' },
      response: { 200: ModelsReply, ...errors(500, 503) },
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

  app.get<{ Params: Static<typeof VersionParams> }>(
    '/models/:version',
    operation('model', 'The card of a version, and what people say of it', {
      operationId: 'getVersion',
      config: { scope: 'read' },
      params: VersionParams,
      response: { 200: CardReply, ...errors(400, 404, 409, 503) },
    }),
    async ({ params: { version } }, reply) => {
      const card = await catalog.card(Number(version));
      const annotations = await notes.read(Number(version), card);
      const tag = tagOf(card, annotations);
      reply.header('etag', `"${tag}"`);
      return texts.send(reply, card, { model_version: version, name, ...annotations }, tag);
    },
  );
}

function text(version: number | null): string | null {
  return version === null ? null : String(version);
}
