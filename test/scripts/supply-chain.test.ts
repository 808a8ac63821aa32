import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { refusedLicences } from '../../scripts/build/licences.mjs';
import { isForDevelopment, shippedBom, wholeBom } from '../../scripts/build/sbom.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const whole = wholeBom();

test('no install script runs, and each package that has one is named with the reason why it is not needed', () => {
  assert.match(read('.npmrc'), /^ignore-scripts=true$/m);
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  const withScripts = Object.entries(packages)
    .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript)
    .map(([path]) => path.replace(/.*node_modules\//, ''));
  const [, section = ''] = read('docs/security.md').split('## Install scripts');
  const named = Array.from(section.split('\n## ')[0]!.matchAll(/^\| `([^`]+)` \|/gm), ([, name]) => name!);
  assert.deepEqual(named.sort(), Array.from(new Set(withScripts)).sort());
});

test('all packages have a licence of the list', () => {
  assert.deepEqual(refusedLicences(whole.components, new Set(shippedBom(whole, undefined).components)), []);
});

test('a licence that is not in the list is refused, and so is a package without one', () => {
  const shipped = (...licenses: object[]) => {
    const component = {
      'bom-ref': 'x@1.0.0',
      name: 'x',
      version: '1.0.0',
      licenses,
    } as (typeof whole.components)[number];
    return refusedLicences([component], new Set([component]));
  };
  assert.deepEqual(shipped({ license: { id: 'GPL-3.0-only' } }), ['x@1.0.0: GPL-3.0-only']);
  assert.deepEqual(shipped({ expression: '(MIT AND GPL-3.0-only)' }), ['x@1.0.0: (MIT AND GPL-3.0-only)']);
  assert.deepEqual(shipped({ expression: '(MIT OR GPL-3.0-only)' }), []);
  assert.deepEqual(shipped(), ['x@1.0.0: no licence']);
  // Only for development.
  assert.deepEqual(shipped({ license: { id: 'MPL-2.0' } }), ['x@1.0.0: MPL-2.0']);
});

test('the bill of materials has what is shipped, also from the packages of the page, and nothing that only builds or tests', () => {
  const { components, metadata } = shippedBom(whole, undefined);
  const names = components.map(({ name }) => name);
  for (const shipped of ['fastify', 'pino', 'libsql', 'preact', 'uplot', 'apache-arrow', '@tensorflow/tfjs-core']) {
    assert.ok(names.includes(shipped), shipped);
  }
  for (const other of ['typescript', 'esbuild', '@biomejs/biome', 'axe-core', 'playwright-core']) {
    assert.ok(!names.includes(other), other);
  }
  assert.equal(metadata.component.name, 'reconstruction-regressor');
  assert.ok(whole.components.some(isForDevelopment));
});

test('the WebAssembly binaries in the repository are what their sources compile to', async (t) => {
  const { ASSEMBLIES, buildAssembly, compileAssembly } = await import(join(ROOT, 'scripts/build/assembly.mjs'));
  const directory = temporaryDirectory(t);
  for (const { folder, binary, target } of ASSEMBLIES) {
    const source = join(ROOT, folder);
    const committed = readdirSync(join(source, 'binaries'));
    await buildAssembly(source, target, join(directory, binary));
    assert.deepEqual(readdirSync(join(source, 'binaries')), committed, `${folder} has changed: npm run build`);
    await compileAssembly(source, target, join(directory, 'compiled.wasm'));
    assert.deepEqual(readFileSync(join(directory, binary)), readFileSync(join(directory, 'compiled.wasm')), binary);
  }
});

test('packages for tests are not installed into a folder that another checkout uses', (t) => {
  const directory = temporaryDirectory(t);
  cpSync(join(ROOT, 'scripts/build/packages.mjs'), join(directory, 'scripts/build/packages.mjs'));
  cpSync(join(ROOT, 'packages'), join(directory, 'packages'), { recursive: true });
  const run = () => spawnSync(process.execPath, ['scripts/build/packages.mjs'], { cwd: directory, encoding: 'utf8' });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  assert.equal(run().status, 0);
  const list = { devDependencies: { typescript: '0.0.1' } };
  writeFileSync(join(directory, 'packages/tests/package.json'), JSON.stringify(list));
  const { status, stderr } = run();
  assert.equal(status, 1);
  assert.match(stderr, /^node_modules is a link to a folder without typescript@0\.0\.1: install them there$/m);
});

test('npm start builds what is missing or older than the sources, and starts at once otherwise', (t) => {
  const directory = temporaryDirectory(t);
  cpSync(join(ROOT, 'scripts/build/start.mjs'), join(directory, 'scripts/build/start.mjs'));
  writeFileSync(
    join(directory, 'scripts/build/build.mjs'),
    "import fs from 'node:fs'; fs.mkdirSync('dist/app', { recursive: true }); fs.writeFileSync('dist/app/main.js', 'console.log(`started`)');",
  );
  mkdirSync(join(directory, 'src/inner'), { recursive: true });
  writeFileSync(join(directory, 'src/inner/file.ts'), '');
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const start = () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['scripts/build/start.mjs'], {
      cwd: directory,
      encoding: 'utf8',
    });
    return [stdout.trim(), stderr.trim()];
  };
  assert.deepEqual(start(), ['started', 'building the service']);
  assert.deepEqual(start(), ['started', '']);
  const later = new Date(Date.now() + 5000);
  utimesSync(join(directory, 'src/inner/file.ts'), later, later);
  assert.deepEqual(start(), ['started', 'building the service']);
});
