// Builds what runs, into dist/app: the service and its child processes as one bundle, the WebAssembly binaries, and the web
// page. Node.js takes longer to find and read the thousand files of the dependencies than to start the service from a bundle.
//
// package.json maps `#built/*` to dist/app, so code finds a built file by name from wherever it lies.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ASSEMBLIES, buildAssembly, COMPILER_VERSION } from './assembly.mjs';
import { buildPage } from './page.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const APP = join(ROOT, 'dist/app');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** The programs, the processes and threads they start, and the package's exports, by their names in dist/app. */
const ENTRY_POINTS = {
  main: 'src/server/main.ts',
  cli: 'src/cli/main.ts',
  demo: 'src/cli/demo/main.ts',
  index: 'src/server/package-exports.ts',
  keys: 'src/cli/keys/main.ts',
  audit: 'src/cli/audit/main.ts',
  'trainer-process': 'src/model/training/process/trainer-process.ts',
  'fold-worker': 'src/model/training/search/fold-worker.ts',
  'table-reader-process': 'src/model/tables/reader/table-reader-process.ts',
  'row-reader-process': 'src/model/tables/reader/row-reader-process.ts',
  'feedback-process': 'src/model/feedback/feedback-process.ts',
  'body-reader-worker': 'src/server/inference/body-reader-worker.ts',
  'health-worker': 'src/server/health/health-worker.ts',
  'health-check': 'src/server/health/health-check.ts',
  'parent-watch-worker': 'src/base/node/parent-watch-worker.ts',
  'baseline-worker': 'src/server/service/drift/baseline-worker.ts',
  'upload-worker': 'src/server/service/versions/upload-worker.ts',
  regressor: 'src/model/engines/tfjs/package-exports.ts',
  'class-exports': 'src/model/engines/tfjs/class-exports.ts',
  'tfjs-engine': 'src/model/engines/tfjs/tfjs-engine.ts',
};

/** Loaded from node_modules: these look for files beside themselves, or are loaded only when needed. */
const EXTERNAL = ['@tensorflow/*', '@fastify/swagger-ui', 'libsql', 'pino', 'pino-pretty', 'piscina'];

/**
 * Leaves what is imported only when it is needed in a file of its own. In a bundle, its own imports would be loaded at every start.
 *
 * @param {RegExp} filter
 * @returns {import('esbuild').Plugin}
 */
const apart = (filter) => ({
  name: 'apart',
  setup: ({ onResolve }) =>
    onResolve({ filter }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path)}`, external: true } : undefined,
    ),
});

// The build takes the place of the last one only when it is whole.
const stage = `${APP}-${process.pid}`;
try {
  mkdirSync(stage, { recursive: true });
  const [service, client, page] = await Promise.all([
    buildService(),
    buildClient(),
    buildPage(join(ROOT, 'src/page'), join(stage, 'page')),
    ...ASSEMBLIES.map(({ folder, binary, target }) => buildAssembly(join(ROOT, folder), target, join(stage, binary))),
  ]);
  requireLatin1(Object.keys(ENTRY_POINTS));
  const packages = JSON.stringify(bundledPackages(service, client, page), null, 2);
  writeFileSync(join(stage, 'bundled.json'), `${packages}\n`);
  rmSync(APP, { recursive: true, force: true });
  renameSync(stage, APP);
} finally {
  rmSync(stage, { recursive: true, force: true });
}

async function buildService() {
  const { metafile } = await build({
    entryPoints: Object.entries(ENTRY_POINTS).map(([out, source]) => ({ in: join(ROOT, source), out })),
    outdir: stage,
    bundle: true,
    // A program is one file, so that nothing can fail to load later: Node.js 20 does not try again to import a file for which
    // it once had no file descriptor.
    splitting: false,
    plugins: [apart(/(tfjs-engine|class-exports)\.js$/)],
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    external: EXTERNAL,
    define: { PACKAGE_VERSION: JSON.stringify(version) },
    sourcemap: true,
    metafile: true,
    // Names stay readable in stack traces; the rest halves what a start has to read.
    minifyWhitespace: true,
    minifySyntax: true,
    // CommonJS packages call `require` for Node's own modules; an ES module does not have it.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    logLevel: 'error',
  });
  return metafile;
}

/**
 * Throws if a program has a character beyond Latin-1: V8 then holds all of its text in two bytes a character, seven megabytes in place of
 * three and a half in every process. esbuild escapes them everywhere but in tagged templates, where HTML has references.
 *
 * @param {string[]} names
 */
function requireLatin1(names) {
  for (const name of names) {
    const [found] = /.{0,60}[\u0100-\uffff].{0,20}/.exec(readFileSync(join(stage, `${name}.js`), 'utf8')) ?? [];
    if (found !== undefined)
      throw new Error(`${name}.js: write this character as a reference such as &#8230;: ${found}`);
  }
}

/** The client runs in browsers too. What reads and writes Arrow is a file of its own, which it loads with the first table. */
async function buildClient() {
  const { metafile } = await build({
    entryPoints: ['client', 'arrow-tables'].map((name) => ({ in: join(ROOT, `src/client/${name}.ts`), out: name })),
    outdir: stage,
    bundle: true,
    plugins: [apart(/arrow-tables\.js$/)],
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    sourcemap: true,
    metafile: true,
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'error',
  });
  return metafile;
}

/**
 * The packages of which the bundles contain something, as name@version, for the bill of materials.
 *
 * @param {import('esbuild').Metafile[]} metafiles
 */
function bundledPackages(...metafiles) {
  const folders = new Set();
  for (const path of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replaceAll('\\', '/')) ?? [];
    if (folder) folders.add(folder);
  }
  const names = Array.from(folders, (folder) => {
    const { name, version } = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'));
    return `${name}@${version}`;
  });
  // The compiler adds its runtime to the WebAssembly binaries.
  return Array.from(new Set([...names, `assemblyscript@${COMPILER_VERSION}`])).sort();
}
