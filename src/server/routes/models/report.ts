import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { NUMBER_NAME } from '../../../base/files/directory.js';
import { makeReport, REPORT_POLICY } from '../../../model/report/report.js';
import { reportFileName } from '../../../model/report/report-file-name.js';
import { ALIAS_NAMES } from '../../../model/store/aliases.js';
import type { FileStore } from '../../../model/store/file-store.js';
import { UPLOAD_MARK } from '../../../model/versions/version.js';
import { EVALUATION_FILE, evaluationOf } from '../../../model/versions/version-evaluation.js';
import { errors, operation } from '../../http/operation.js';
import type { Catalog } from '../../service/versions/catalog.js';
import { versionNamed } from '../../service/versions/version-named.js';
import type { VersionNotes } from '../../service/versions/version-notes.js';

const ReportParams = Type.Object({
  version: Type.String({
    pattern: `${NUMBER_NAME.source}|^(${ALIAS_NAMES.join('|')})$`,
    description: `number of a version, or ${ALIAS_NAMES.join(', ')}`,
  }),
});

export interface ReportOptions {
  readonly store: FileStore;
  readonly catalog: Catalog;
  readonly notes: VersionNotes;
  readonly name: string;
}

export function reportRoute(app: FastifyInstance, { store, catalog, notes, name }: ReportOptions): void {
  app.get<{ Params: Static<typeof ReportParams> }>(
    '/models/:version/report',
    operation('model', 'A report of a version to hand on: a model card as a web page in one file', {
      operationId: 'getReport',
      config: { scope: 'read' },
      params: ReportParams,
      response: { 200: { content: { 'text/html': { schema: Type.String() } } }, ...errors(400, 404, 409, 503) },
    }),
    async ({ params }, reply) => {
      const aliases = await store.aliases();
      const version = versionNamed(params.version, aliases);
      const card = await catalog.card(version);
      const [evaluation, mark] = await Promise.all([
        store.readFile(version, EVALUATION_FILE),
        store.readFile(version, UPLOAD_MARK),
      ]);
      const report = makeReport({
        name,
        version,
        card,
        evaluation: evaluationOf(card, evaluation),
        annotations: await notes.read(version, card),
        aliases: ALIAS_NAMES.filter((alias) => aliases[alias] === version),
        isUpload: mark !== undefined,
        at: new Date(),
      });
      reply.header('content-security-policy', `${REPORT_POLICY}; frame-ancestors 'none'`);
      // Its aliases may change, and so may what people write.
      reply.header('cache-control', 'no-cache');
      reply.header('content-disposition', `inline; filename="${reportFileName(name, version)}"`);
      return reply.type('text/html; charset=utf-8').send(report);
    },
  );
}
