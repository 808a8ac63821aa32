import type { FastifyInstance } from 'fastify';
import Negotiator from 'negotiator';
import { Type } from 'typebox';
import { PageFiles } from './page-files.js';

const ROUTES = `POST /predict             predict rows
POST /train               train a new version
GET  /train/<id>          a training, and /train/<id>/events while it runs
GET  /model               the serving version's card
GET  /models              all versions and their aliases; /models/<v> is a card
GET  /models/<a>/compare/<b> compares two versions
POST /models/<v>/activate make a version serve; POST /models/rollback goes back
DELETE /models/<v>        remove a version
POST /models              add a version from an archive
GET  /models/<v>/archive  hand a version out; /models/<v>/onnx as ONNX
GET  /drift               whether the inputs still look like the training data, /drift/events while they come
GET  /drift/history       reconstruction errors and alarms of the latest hour
POST /feedback            rows with their true targets
GET  /metrics             metrics for Prometheus
GET  /livez, /readyz      health
/v1, /v2, /invocations    protocols of TensorFlow Serving, KServe, Triton, MLflow, SageMaker
GET  /docs, /openapi.json the interface`.split('\n');

/** Routes that a read-only service does not have: those that are no GET, but for predictions. */
const CHANGES = /^(POST (?!\/predict)|DELETE)/;

/** With `readOnly` the index leaves out what changes state. */
export function homeRoute(app: FastifyInstance, { readOnly }: { readonly readOnly: boolean }): void {
  const page = new PageFiles();
  const routes = ROUTES.filter((line) => !readOnly || !CHANGES.test(line));
  const index = `reconstruction-regressor\n\n${routes.join('\n')}\n`;

  app.get(
    '/',
    {
      schema: {
        summary: 'The web page for who accepts HTML; a short index for everyone else',
        tags: ['monitoring'],
        response: {
          200: {
            content: { 'text/plain': { schema: Type.String() }, 'text/html': { schema: Type.Unsafe<Buffer>({}) } },
          },
        },
      },
    },
    async ({ headers }, reply) => {
      reply.header('vary', 'accept, accept-encoding');
      if (new Negotiator({ headers }).mediaType(['text/plain', 'text/html']) === 'text/html')
        return page.sendIndex(reply, headers);
      return reply.type('text/plain; charset=utf-8').send(index);
    },
  );

  app.get<{ Params: { file: string } }>('/page/:file', { schema: { hide: true } }, ({ params, headers }, reply) =>
    page.send(params.file, reply, headers),
  );
}
