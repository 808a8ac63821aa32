import type { FastifyInstance } from 'fastify';
import Negotiator from 'negotiator';
import { Type } from 'typebox';
import { operation } from '../http/operation.js';
import { PageFiles } from './page-files.js';

const ROUTES = `POST /predict             predict rows
POST /train               train a new version
GET  /train/<id>          a training; /train/<id>/events streams its progress
GET  /model               the serving version's card
GET  /models              all versions and their aliases; /models/<v> is a card
GET  /models/<a>/compare/<b> compare two versions
POST /models/<v>/activate serve a version; POST /models/rollback serves the previous one
DELETE /models/<v>        remove a version
POST /models              add a version from an archive
GET  /models/<v>/archive  download a version; /models/<v>/onnx as ONNX
GET  /drift               compare the inputs with the training data; /drift/events streams alarms
GET  /drift/history       reconstruction errors and alarms of the last hour
POST /feedback            send rows with their true targets
GET  /session             who you are and what you may do; POST signs in to the page, DELETE out
GET  /metrics             metrics for Prometheus
GET  /livez, /readyz      health
/v1, /v2, /invocations    protocols of TensorFlow Serving, KServe, Triton, MLflow, SageMaker
GET  /docs, /openapi.json API reference`.split('\n');

/** Routes that a read-only service does not have: all but GET and predictions. */
const CHANGES_STATE = /^(POST (?!\/predict)|DELETE)/;

/** Serves the web page and the index. With `readOnly`, the index omits the routes that change state. */
export function homeRoute(app: FastifyInstance, readOnly: boolean): void {
  const page = new PageFiles();
  const routes = ROUTES.filter((line) => !readOnly || !CHANGES_STATE.test(line));
  const index = `reconstruction-regressor\n\n${routes.join('\n')}\n`;

  app.get(
    '/',
    operation('monitoring', 'The web page for clients that accept HTML; a short index in plain text for all others', {
      operationId: 'getIndex',
      config: { scope: 'open' },
      response: {
        200: {
          content: {
            'text/plain': { schema: Type.String() },
            'text/html': { schema: Type.Unsafe<Buffer>({ 'x-content': 'text' }) },
          },
        },
      },
    }),
    async ({ url, headers }, reply) => {
      reply.header('vary', 'accept, accept-encoding');
      const [path = ''] = url.split('?');
      // Locations in the page are relative. Without a prefix, only targets such as * and http://host do not end with a slash.
      if (app.prefix !== '' && !path.endsWith('/')) return reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`);
      if (new Negotiator({ headers }).mediaType(['text/plain', 'text/html']) === 'text/html')
        return page.sendIndex(reply, headers);
      return reply.type('text/plain; charset=utf-8').send(index);
    },
  );

  app.get<{ Params: { file: string } }>(
    '/page/:file',
    { schema: { hide: true }, config: { scope: 'open' } },
    ({ params, headers }, reply) => page.send(params.file, reply, headers),
  );
}
