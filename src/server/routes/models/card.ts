import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Card } from '../../../model/versions/card.js';
import { errors, operation } from '../../http/operation.js';
import type { Catalog } from '../../service/versions/catalog.js';
import { VersionParams } from './version-params.js';

const CardReply = Type.Object({ model_version: Type.String(), name: Type.String(), ...Card.properties });

export function cardRoute(app: FastifyInstance, { catalog, name }: { catalog: Catalog; name: string }): void {
  app.get<{ Params: Static<typeof VersionParams> }>(
    '/models/:version',
    operation('model', 'The card of a version', {
      params: VersionParams,
      response: { 200: CardReply, ...errors(400, 404, 409) },
    }),
    async ({ params: { version } }) => ({ model_version: version, name, ...(await catalog.card(Number(version))) }),
  );
}
