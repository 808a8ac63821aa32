import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { buildTestApp } from '../../support/test-app.js';

async function counted(app: FastifyInstance): Promise<number> {
  const { body } = await app.inject('/metrics');
  return Number(/^model_prediction_duration_seconds_count (\d+)$/m.exec(body)![1]);
}

test('requests to routes that predict are timed, by whichever protocol, and no others', async (t) => {
  const { app } = await buildTestApp(t, ['a'], { vertex: { predict: '/of/its:choice', health: '/of/its:health' } });
  const { paths } = (await app.inject('/openapi.json')).json() as {
    paths: Record<string, Record<string, { summary: string }>>;
  };
  const predicting: string[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    const { post } = operations;
    if (!post) continue;
    const before = await counted(app);
    await app.inject({ method: 'POST', url: path.replace(/\{\w+\}/g, '1') });
    const predicts = /predict rows/i.test(post.summary);
    if (predicts) predicting.push(path);
    assert.equal((await counted(app)) - before, predicts ? 1 : 0, `${path}: ${post.summary}`);
  }
  assert.ok(predicting.length > 10, predicting.join());
  const before = await counted(app);
  for (const url of ['/livez', '/v2/health/ready', '/v1/models/test', '/nowhere']) await app.inject(url);
  assert.equal(await counted(app), before);
});

for (const fastPath of [true, false]) {
  test(`a prediction is timed once ${fastPath ? 'ahead of' : 'by'} Fastify`, async (t) => {
    const { app, log } = await buildTestApp(t, ['a'], { fastPath });
    log.level = 'info';
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const headers = { 'content-type': 'application/json' };
    await (await fetch(`${url}/predict`, { method: 'POST', headers, body: '[[1]]' })).text();
    assert.equal(await counted(app), 1);
  });
}
