import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Ways to spoil a request of any route. */
const SPOILED: readonly [what: string, headers: Record<string, string>, payload: string | Buffer, query?: string][] = [
  ['no body', {}, ''],
  ['no body of a type', JSON_TYPE, ''],
  ['another type', { 'content-type': 'text/plain' }, 'x'],
  ['a type that is none', { 'content-type': '/' }, 'x'],
  ['broken JSON', JSON_TYPE, '{"instances": [[1'],
  ['another JSON', JSON_TYPE, '[null]'],
  ['an unknown key', JSON_TYPE, '{"nothing": 1}'],
  ['too many bytes', JSON_TYPE, ' '.repeat(2 ** 21)],
  ['an unknown encoding', { ...JSON_TYPE, 'content-encoding': 'zstd' }, '{}'],
  ['a broken encoding', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{}'],
  ['an unknown query', JSON_TYPE, '{}', '?nothing=1'],
  ['a type that is not produced', { ...JSON_TYPE, accept: 'image/png' }, '{}'],
];
const PARAMETERS = ['1', '0', '99', 'x', '%20', '__proto__'];

interface Operation {
  readonly responses: Record<string, { readonly content?: Record<string, unknown> }>;
}

test('whatever is wrong with a request, its status and type are documented on every route', async (t) => {
  for (const features of [['a', 'b', 'c'], []]) {
    const { app } = await buildTestApp(t, features, { vertex: { predict: '/v:predict', health: '/v' } });
    const { paths } = (await app.inject('/openapi.json')).json() as {
      paths: Record<string, Record<string, Operation>>;
    };
    let checked = 0;
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        if (path.endsWith('/events')) continue;
        for (const parameter of path.includes('{') ? PARAMETERS : ['']) {
          for (const [what, headers, payload, query = ''] of parameter === '1' || !parameter
            ? SPOILED
            : SPOILED.slice(6, 7)) {
            const url = path.replace(/\{name\}/g, 'test').replace(/\{\w+\}/g, parameter) + query;
            const hasBody = method !== 'get' && payload.length > 0;
            const reply = await app.inject({
              method: method as 'get',
              url,
              headers,
              ...(hasBody ? { payload } : {}),
            });
            const { statusCode } = reply;
            const documented = responses[statusCode];
            const name = `${method} ${url}, ${what}: ${statusCode} ${reply.body.slice(0, 200)}`;
            assert.ok(documented, name);
            const type = String(reply.headers['content-type'] ?? '').replace(/;.*/, '');
            if (reply.body !== '') assert.ok(Object.keys(documented.content ?? {}).includes(type), `${type} ${name}`);
            checked++;
          }
        }
      }
    }
    assert.ok(checked > 700, `${checked} requests`);
  }
});
