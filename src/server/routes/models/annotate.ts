import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Annotations, AnnotationsPatch } from '../../../model/versions/annotations.js';
import { errors, operation } from '../../http/operation.js';
import { tagOf, type VersionNotes } from '../../service/versions/version-notes.js';
import { VersionParams } from './version-params.js';

export const AnnotationsReply = Type.Object(
  { model_version: Type.String(), ...Annotations.properties },
  { 'x-schema': 'AnnotationsReply' },
);

const Headers = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description: 'the `ETag` of `GET /models/<v>`: the change is refused if the texts have changed since',
    }),
  ),
});

export function annotateRoute(app: FastifyInstance, notes: VersionNotes): void {
  app.patch<{
    Params: Static<typeof VersionParams>;
    Body: AnnotationsPatch;
    Headers: Static<typeof Headers>;
  }>(
    '/models/:version',
    operation('model', 'Describe a version: what is not named stays, and null clears (JSON Merge Patch)', {
      operationId: 'annotateVersion',
      config: { scope: 'activate', audit: { action: 'annotate', target: 'version' } },
      params: VersionParams,
      headers: Headers,
      body: AnnotationsPatch,
      response: { 200: AnnotationsReply, ...errors(400, 404, 409, 412, 413, 415, 503, 507) },
    }),
    async (request, reply) => {
      const { params, body, headers, log } = request;
      const expected = tagsOf(headers['if-match']);
      const { card, annotations } = await notes.change(
        Number(params.version),
        body,
        (tag) => expected === undefined || expected.includes(tag),
      );
      const changed = fieldsOf(body);
      request.auditDetail = { changed };
      log.info({ model_version: params.version, changed }, 'model version described');
      reply.header('etag', `"${tagOf(card, annotations)}"`);
      return { model_version: params.version, ...annotations };
    },
  );
}

/** Returns the tags of an `If-Match` header (RFC 9110, 13.1.1); undefined if it accepts any. A proxy that compresses makes them weak. */
function tagsOf(header: string | undefined): string[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  return header.split(',').map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
}

/** Names the fields of a change, without their texts. */
function fieldsOf({ notes, ...fields }: AnnotationsPatch): string {
  const sections = notes ? Object.keys(notes).map((section) => `notes.${section}`) : notes === null ? ['notes'] : [];
  return [...Object.keys(fields), ...sections].join(', ');
}
