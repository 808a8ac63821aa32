import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

const INDEX = `reconstruction-regressor

POST /predict             predict rows
POST /train               train a new version
GET  /train/<id>          a training, and /train/<id>/events while it runs
GET  /model               the serving version's card
GET  /models              all versions and their aliases; /models/<v> is a card
POST /models/<v>/activate make a version serve; POST /models/rollback goes back
DELETE /models/<v>        remove a version; GET /models/<a>/compare/<b> compares two
POST /models              add a version from an archive; GET /models/<v>/archive and /models/<v>/onnx hand one out
GET  /drift               whether the inputs still look like the training data, /drift/events while they come
POST /feedback            rows with their true targets
GET  /metrics             metrics for Prometheus
GET  /livez, /readyz      health
GET  /docs, /openapi.json the interface
`;

export function indexRoute(app: FastifyInstance): void {
  app.get(
    '/',
    {
      schema: {
        summary: 'A short index',
        tags: ['monitoring'],
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_request, reply) => reply.type('text/plain; charset=utf-8').send(INDEX),
  );
}
