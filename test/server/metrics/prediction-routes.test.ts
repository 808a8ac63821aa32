import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PREDICTION } from '../../../src/server/metrics/prediction-routes.js';
import { buildTestApp } from '../../support/test-app.js';

test('the routes that predict are distinguished from all other POST routes', async (t) => {
  const { app } = await buildTestApp(t, ['a'], { vertex: { predict: '/of/its:choice', health: '/of/its:health' } });
  const { paths } = (await app.inject('/openapi.json')).json() as {
    paths: Record<string, { post?: { summary: string } }>;
  };
  const noPrediction = new RegExp(`^(${NO_PREDICTION})$`);
  const posts = Object.entries(paths).flatMap(([path, { post }]) => (post ? [{ path, summary: post.summary }] : []));
  assert.ok(posts.length > 20, `${posts.length} of them`);
  const known = new Set<string>();
  for (const { path, summary } of [
    ...posts,
    { path: '/nowhere', summary: '' },
    { path: '/v1/models/a/b', summary: '' },
  ]) {
    await app.inject({ method: 'POST', url: path.replace(/\{\w+\}/g, '1') });
    const { body } = await app.inject('/metrics');
    const routes = Array.from(body.matchAll(/^http_request_duration_seconds_count\{method="POST",route="([^"]*)"/gm));
    for (const route of routes.map(([, one]) => one!)) {
      if (known.has(route)) continue;
      known.add(route);
      assert.equal(!noPrediction.test(route), /predict rows/i.test(summary), `${path}: ${summary} is ${route}`);
    }
  }
  assert.ok(known.size > 20, `${known.size} were counted`);
  assert.ok(known.has('/of/its::choice'), [...known].join());
});
