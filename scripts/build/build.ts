import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';
import { buildPage, copyPage } from './page.js';

// What comes after the compiler: what is WebAssembly, the web page, and the service as one bundle. Node takes longer to find and
// read the thousand files of the dependencies than to start the service from one.

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const PAGE = join(ROOT, 'dist/src/page');
const BUNDLE = join(ROOT, 'dist/bundle/app');

/** What is WebAssembly. */
const ASSEMBLIES = [
  { folder: 'model/engines/kernel', binary: 'kernel-simd.wasm', target: 'simd' },
  { folder: 'model/engines/kernel', binary: 'kernel-relaxed.wasm', target: 'relaxed' },
  { folder: 'drift/counts', binary: 'row-counter.wasm', target: 'simd' },
];

/** Loaded from node_modules: they look for files beside themselves, or are loaded only when asked for. */
const EXTERNAL = ['@tensorflow/*', '@fastify/swagger-ui', 'libsql', 'pino', 'pino-pretty'];

for (const { folder, binary, target } of ASSEMBLIES) {
  const sources = join(ROOT, 'src', folder, 'assembly');
  const compiled = join(ROOT, 'dist/src', folder, binary);
  if (existsSync(compiled) && statSync(compiled).mtimeMs > newest(sources)) continue;
  const { error, stderr } = await asc.main(['--config', join(sources, 'asconfig.json'), '--target', target]);
  if (error) throw new Error(`${binary}: ${stderr.toString()}`, { cause: error });
}

await buildPage(join(ROOT, 'src/page'), PAGE);

await build({
  entryPoints: [
    'server/main.js',
    'model/training/trainer-process.js',
    'model/tables/reader/table-reader-process.js',
    'model/feedback/feedback-process.js',
    'server/inference/body-reader-worker.js',
    'server/service/drift/baseline-worker.js',
  ].map((path) => join(ROOT, 'dist/src', path)),
  entryNames: '[name]',
  outdir: BUNDLE,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: EXTERNAL,
  define: { PACKAGE_VERSION: JSON.stringify(VERSION) },
  sourcemap: true,
  // Names stay as they are, for stack traces; the rest is half as much to read at a start.
  minifyWhitespace: true,
  minifySyntax: true,
  // CommonJS packages ask for Node's own modules by `require`, which a module does not have.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  logLevel: 'error',
});
for (const { folder, binary } of ASSEMBLIES) copyFileSync(join(ROOT, 'dist/src', folder, binary), join(BUNDLE, binary));

copyPage(PAGE, join(BUNDLE, 'page'));

/** When the youngest file of a directory was written. */
function newest(directory: string): number {
  return Math.max(...readdirSync(directory).map((name) => statSync(join(directory, name)).mtimeMs));
}
