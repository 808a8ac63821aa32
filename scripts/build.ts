import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';
import { buildPage, copyPage } from './page.js';

// What comes after the compiler: the WebAssembly kernels, the web page, and the service as one bundle. Node takes longer to find and
// read the thousand files of the dependencies than to start the service from one.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ASSEMBLY = join(ROOT, 'src/model/kernel/assembly');
const KERNELS = join(ROOT, 'dist/src/model/kernel');
const PAGE = join(ROOT, 'dist/src/server/page');
const BUNDLE = join(ROOT, 'dist/bundle/app');

/** Loaded from node_modules: they look for files beside themselves, or are loaded only when asked for. */
const EXTERNAL = ['@tensorflow/*', '@fastify/swagger-ui', 'libsql', 'pino', 'pino-pretty'];

for (const target of ['simd', 'relaxed']) {
  const binary = join(KERNELS, `kernel-${target}.wasm`);
  if (existsSync(binary) && statSync(binary).mtimeMs > newest(ASSEMBLY)) continue;
  const { error, stderr } = await asc.main(['--config', join(ASSEMBLY, 'asconfig.json'), '--target', target]);
  if (error) throw new Error(`kernel ${target}: ${stderr.toString()}`, { cause: error });
}

await buildPage(join(ROOT, 'src/server/page'), PAGE);

await build({
  entryPoints: [
    'server/main.js',
    'model/trainer-process.js',
    'model/table-process.js',
    'model/feedback-process.js',
    'server/json-worker.js',
    'server/baseline-worker.js',
  ].map((path) => join(ROOT, 'dist/src', path)),
  entryNames: '[name]',
  outdir: BUNDLE,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: EXTERNAL,
  sourcemap: true,
  // Names stay as they are, for stack traces; the rest is half as much to read at a start.
  minifyWhitespace: true,
  minifySyntax: true,
  // CommonJS packages ask for Node's own modules by `require`, which a module does not have.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'error',
});
for (const name of readdirSync(KERNELS)) {
  if (name.endsWith('.wasm')) copyFileSync(join(KERNELS, name), join(BUNDLE, name));
}

copyPage(PAGE, join(BUNDLE, 'page'));

/** When the youngest file of a directory was written. */
function newest(directory: string): number {
  return Math.max(...readdirSync(directory).map((name) => statSync(join(directory, name)).mtimeMs));
}
