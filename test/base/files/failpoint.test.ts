import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

test('every fault point of the source is one at which a test kills the service', () => {
  const names = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => Array.from(readFileSync(join(ROOT, 'src', path), 'utf8').matchAll(/failpoint\((['`].+['`])\)/g)))
    .map(([, name]) => name!)
    // The two ledgers.
    .flatMap((name) => ['aliases', 'numbers'].map((ledger) => name.replace(/`\$\{this\.name\}(.+)`/, `'${ledger}$1'`)));
  assert.ok(names.length > 15, String(names));
  const tests = readFileSync(join(ROOT, 'test/e2e/faults/kill-points.ts'), 'utf8');
  assert.deepEqual(
    names.filter((name) => !tests.includes(name)),
    [],
  );
});
