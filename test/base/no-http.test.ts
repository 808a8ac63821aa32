import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../../src', import.meta.url));

/** Words that belong to the server: of its query, headers, routes and errors. */
const WORDS = [
  /\bHTTP\b/,
  /[?&][a-z_]+=/,
  /content-(encoding|type)/i,
  /\b(GET|POST|PUT|DELETE) \//,
  /['"`]body: /,
  /\bUNSUPPORTED_MEDIA_TYPE\b|\bUNSUPPORTED_ENCODING\b|\bNOT_ACCEPTABLE\b|\bINVALID_QUERY\b/,
];
/** Packages and folders of the server. */
const IMPORT = /from '(?:fastify|@fastify\/.*|prom-client|pino|node:http2?|.*\/server\/.*)'/;

for (const folder of ['base', 'model', 'drift']) {
  test(`src/${folder} neither mentions HTTP nor imports anything of the server`, () => {
    const files = readdirSync(join(SOURCE, folder), { recursive: true, encoding: 'utf8' });
    const sources = files.filter((name) => name.endsWith('.ts'));
    assert.ok(sources.length > 10);
    const found = sources.flatMap((name) =>
      readFileSync(join(SOURCE, folder, name), 'utf8')
        .replaceAll(/https?:\S+/g, 'a source')
        .split('\n')
        .filter((line) => [...WORDS, IMPORT].some((word) => word.test(line)))
        .map((line) => `${name}: ${line.trim()}`),
    );
    assert.deepEqual(found, []);
  });
}
