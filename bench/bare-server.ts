// The ceiling that bench/serving.ts compares with: Fastify, the schemas of `POST /predict`, and a constant answer.
import { fastify } from 'fastify';
import { PredictBody, PredictReply } from '../src/server/routes/predict.js';

/** What the parent sends once: the answer to every request. */
export interface BareOptions {
  readonly answer: PredictReply;
}

process.once('message', async ({ answer }: BareOptions) => {
  const app = fastify({ bodyLimit: 16 * 2 ** 20 });
  const schema = { body: PredictBody, response: { 200: PredictReply } };
  app.post('/predict', { schema }, async () => answer);
  process.send?.(await app.listen({ host: '127.0.0.1', port: 0 }));
});
