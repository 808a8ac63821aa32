import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTestApp } from '../../support/test-app.js';

const METHODS = ['post', 'put', 'patch', 'delete'] as const;
const PARAMETERS: Readonly<Record<string, string>> = {
  v: '1',
  version: '1',
  a: '1',
  b: '1',
  model: 'test',
  name: 'test',
};
/** Bodies without content, and with none of the content that a route expects: type, body. */
const BODIES: readonly (readonly [type: string | undefined, body: string | undefined])[] = [
  [undefined, undefined],
  [undefined, ''],
  [undefined, 'null'],
  ['application/json', undefined],
  ...['', 'null', '0', '""', '[]', '{}', '[null]', 'true', '{"parameters":null}'].map(
    (body) => ['application/json', body] as const,
  ),
  ['text/csv', undefined],
  ['text/csv', ''],
  ['application/gzip', ''],
  ['application/octet-stream', ''],
  ['application/vnd.apache.arrow.stream', ''],
  ['application/vnd.apache.parquet', ''],
  ['text/plain', 'null'],
];

test('no route fails for want of a body, or for one of nothing', async (t) => {
  const { app } = await buildTestApp(t, ['a', 'b', 'c'], { allowMissing: true });
  const { paths } = (await app.inject('/openapi.json')).json() as { paths: Record<string, Record<string, unknown>> };
  let sent = 0;
  for (const [path, operations] of Object.entries(paths)) {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => PARAMETERS[name] ?? '1');
    for (const method of METHODS.filter((each) => each in operations)) {
      for (const [type, payload] of BODIES) {
        const headers = type === undefined ? {} : { 'content-type': type };
        const reply = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) } as object);
        const { statusCode, body } = reply as unknown as { statusCode: number; body: string };
        const about = `${method} ${url} ${type} ${payload}: ${statusCode} ${body.slice(0, 300)}`;
        assert.ok(statusCode < 500 || statusCode === 501 || statusCode === 503, about);
        sent++;
      }
    }
  }
  assert.ok(sent > 300, `${sent} requests`);
});
