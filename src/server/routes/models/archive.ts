import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../../base/domain-error.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { publishUpload } from '../../../model/store/publish-upload.js';
import { packArchive, unpackArchive, verifyUpload } from '../../../model/versions/archive.js';
import { Card } from '../../../model/versions/card.js';
import { limited } from '../../http/limited-body.js';
import { errors, operation } from '../../http/operation.js';
import { publicPath } from '../../http/public-path.js';
import { VersionParams } from './version-params.js';

/** Content types of an upload. */
const GZIP = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];

/** Maximum unpacked size of an upload, in multiples of the body limit: numbers as JSON text compress to about a third. */
const MAX_UNPACKED = 4;

const UploadReply = Type.Object({ model_version: Type.String(), name: Type.String(), ...Card.properties });
const Binary = Type.Unsafe<Readable>({ description: 'tar.gz with the files of a version' });

export interface ArchiveOptions {
  readonly store: FileStore;
  readonly createEngine: EngineFactory;
  readonly prune: () => Promise<void>;
  readonly name: string;
  readonly bodyLimit: number;
}

export async function archiveRoutes(app: FastifyInstance, options: ArchiveOptions): Promise<void> {
  const { store, createEngine, prune, name, bodyLimit } = options;
  // These routes accept archives only, and read them as they arrive.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(GZIP, (_request, payload, done) =>
    done(null, limited(payload, bodyLimit, 'INVALID_ARCHIVE')),
  );

  app.get<{ Params: Static<typeof VersionParams> }>(
    '/models/:version/archive',
    operation('model', 'A version as a tar.gz, which POST /models accepts', {
      params: VersionParams,
      response: { 200: { content: { 'application/gzip': { schema: Binary } } }, ...errors(400, 404, 409, 503) },
    }),
    async ({ params: { version } }, reply) => {
      const archive = await packArchive(await store.read(Number(version)));
      reply.header('content-disposition', `attachment; filename="${name}-${version}.tar.gz"`);
      return reply.type('application/gzip').send(archive);
    },
  );

  app.post<{ Body: Readable | undefined }>(
    '/models',
    operation(
      'model',
      'Add a version from a tar.gz: it is verified and stored under the next number, but not activated',
      {
        body: { content: Object.fromEntries(GZIP.map((type) => [type, { schema: Binary }])) },
        response: { 201: UploadReply, ...errors(400, 413, 415, 500, 503, 507) },
      },
    ),
    async (request, reply) => {
      const { body, log } = request;
      if (!(body instanceof Readable)) throw new DomainError('INVALID_ARCHIVE', 'body: expected a tar.gz, got nothing');
      try {
        const files = await unpackArchive(body, MAX_UNPACKED * bodyLimit);
        const card = verifyUpload(files, createEngine);
        const version = String(await publishUpload(files, store));
        await prune();
        log.info({ model_version: version, metrics: card.metrics }, 'model version uploaded');
        reply.code(201).header('location', publicPath(request, `/models/${version}`));
        return { model_version: version, name, ...card };
      } finally {
        body.destroy();
      }
    },
  );
}
