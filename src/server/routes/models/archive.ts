import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { readAnnotated } from '../../../model/store/version-annotations.js';
import { packArchive } from '../../../model/versions/archive.js';
import { collectBody, type Payload } from '../../bodies/collect-body.js';
import { errors, operation } from '../../http/operation.js';
import { publicPath } from '../../http/public-path.js';
import type { Uploads } from '../../service/versions/uploads.js';
import { CardReply } from './catalog.js';
import { VersionParams } from './version-params.js';

/** Content types of an upload. */
const GZIP = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];

const Binary = Type.Unsafe<Readable>({ 'x-content': 'binary', description: 'tar.gz with the files of a version' });

export interface ArchiveOptions {
  readonly store: FileStore;
  readonly uploads: Uploads;
  readonly prune: () => Promise<void>;
  readonly name: string;
  readonly bodyLimit: number;
}

export async function archiveRoutes(app: FastifyInstance, options: ArchiveOptions): Promise<void> {
  const { store, uploads, prune, name, bodyLimit } = options;
  // These routes accept archives only.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(GZIP, (request: FastifyRequest, payload: Payload) =>
    collectBody(request, payload, bodyLimit),
  );

  app.get<{ Params: Static<typeof VersionParams> }>(
    '/models/:version/archive',
    operation('model', 'A version as a tar.gz, which POST /models accepts', {
      operationId: 'downloadVersion',
      config: { scope: 'read' },
      params: VersionParams,
      response: { 200: { content: { 'application/gzip': { schema: Binary } } }, ...errors(400, 404, 409, 503) },
    }),
    async ({ params: { version } }, reply) => {
      const archive = await packArchive(await readAnnotated(store, Number(version)));
      reply.header('content-disposition', `attachment; filename="${name}-${version}.tar.gz"`);
      return reply.type('application/gzip').send(archive);
    },
  );

  app.post<{ Body: Buffer | undefined }>(
    '/models',
    operation(
      'model',
      'Add a version from a tar.gz: it is verified and stored under the next number, but not activated',
      {
        operationId: 'uploadVersion',
        config: { scope: 'activate', holds: 'uploads', audit: { action: 'upload' } },
        body: { content: Object.fromEntries(GZIP.map((type) => [type, { schema: Binary }])) },
        response: { 201: CardReply, ...errors(400, 413, 415, 500, 503, 507) },
      },
    ),
    async (request, reply) => {
      const { body, log } = request;
      if (!body?.length) throw new DomainError('INVALID_ARCHIVE', 'body: expected a tar.gz, got nothing');
      const { version, card, annotations } = await uploads.add(body);
      await prune();
      request.auditDetail = { model_version: String(version) };
      log.info({ model_version: String(version), metrics: card.metrics }, 'model version uploaded');
      reply.code(201).header('location', publicPath(request, `/models/${version}`));
      return { model_version: String(version), name, ...annotations, ...card };
    },
  );
}
