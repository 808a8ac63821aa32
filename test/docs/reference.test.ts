import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { commandLine } from '../../scripts/docs/command-line-page.js';
import { httpApi } from '../../scripts/docs/http-api-page.js';
import { metricsTables } from '../../scripts/docs/metrics-page.js';
import { type Reference, readReference } from '../../scripts/docs/reference-app.js';
import { withGenerated } from '../../scripts/docs/reference-page.js';
import { settingsTables } from '../../scripts/docs/settings-page.js';
import { read } from './markdown.js';

let reference: Reference;
before(async () => {
  reference = await readReference();
});

/** Compares a page with what `npm run reference` would write. */
function assertIsGenerated(path: string, text: string): void {
  const page = read(path);
  assert.equal(page, withGenerated(page, text), `${path} is out of date: npm run reference`);
}

test('the page of the command line has the help of every command', () => {
  assertIsGenerated('docs/command-line.md', commandLine());
});

test('the page of the settings lists every setting with its default, values and description', () => {
  assertIsGenerated('docs/settings.md', settingsTables());
});

test('the page of the metrics lists every metric that the service prints, with its type, labels and text', () => {
  assertIsGenerated('docs/metrics.md', metricsTables(reference.metrics));
});

test('the page of the HTTP API describes every operation of the OpenAPI document', () => {
  assertIsGenerated('docs/http-api.md', httpApi(reference.openapi));
});

test('the page of the errors lists every code of the sources with its status', () => {
  const table = /const STATUS:.*\{\n([\s\S]*?)\n\};/.exec(read('src/server/http/errors.ts'))?.[1] ?? '';
  const codes = Array.from(table.matchAll(/^ {2}(\w+): (\d+),$/gm), ([, code, status]) => `${code} ${status}`);
  assert.ok(codes.length > 40, `${codes.length} codes`);
  const listed = Array.from(
    read('docs/errors.md').matchAll(/^\| `(\w+)` \| (\d+) \| [^|]+ \| [^|]*\|$/gm),
    ([, code, status]) => `${code} ${status}`,
  );
  // Only the router has this one.
  assert.deepEqual(listed.toSorted(), [...codes, 'METHOD_NOT_ALLOWED 405'].toSorted());
});

test('each package that the service bundles or installs has a reason, and no other is listed', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string> | undefined>;
  const kinds = ['dependencies', 'devDependencies', 'peerDependencies'];
  const installed = new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})));
  const [, table = ''] = /\| package \| why \|\n.*\n((?:\|.*\n)+)/.exec(read('docs/decisions.md')) ?? [];
  const listed = Array.from(table.matchAll(/^\| (.+?) \|/gm), ([, names]) => names!.split(', ')).flat();
  assert.deepEqual(listed.toSorted(), Array.from(installed).toSorted());
});
