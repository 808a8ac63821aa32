// The ceiling that bench/serving/serving.ts compares with: Fastify with the schemas of `POST /predict` and a constant reply,
// which the argument gives as JSON.
import { fastify } from 'fastify';
import { PredictBody, PredictReply } from '../../src/server/routes/predict-schema.js';

const reply = JSON.parse(process.argv[2]!) as PredictReply;
const app = fastify({ bodyLimit: 16 * 2 ** 20 });
const schema = { body: PredictBody, response: { 200: PredictReply } };
app.post('/predict', { schema }, async () => reply);
process.send?.(await app.listen({ host: '127.0.0.1', port: 0 }));
