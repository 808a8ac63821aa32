/**
 * Builds the native TensorFlow.js backend where the host that its installer downloads from cannot be reached.
 *
 * `@tensorflow/tfjs-node` comes from the npm registry, the TensorFlow library and its headers out of the Python wheel
 * `tensorflow-cpu`, the binding from the compiler. A second run finds a binding that loads and stops at once.
 *
 * Exit codes: 0 the binding loads; 3 something it is made of cannot be had here (the reason is printed); 1 it did not
 * build or does not load.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PACKAGE = '@tensorflow/tfjs-node';
/** Equal to the other TensorFlow.js packages: only then do they share one engine. */
const PACKAGE_VERSION = '4.22.0';
const WHEEL = 'tensorflow-cpu';
const WHEEL_VERSION = '2.21.0';
/** The Python the wheel is for. It decides nothing but the file's name: the library inside is the same. */
const WHEEL_PYTHON = '3.12';

const root = resolve(import.meta.dirname, '../../..');
const packageFolder = join(root, 'node_modules', PACKAGE);
const cache = join(root, '.cache', 'native');

/** Something needed is not to be had here. */
class Unavailable extends Error {}

try {
  build();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  console.error(`\nnative: NOT BUILT: ${reason}\n`);
  process.exitCode = error instanceof Unavailable ? 3 : 1;
}

function build(): void {
  if (loads()) {
    console.log(`native: ${PACKAGE} is there and loads`);
    return;
  }
  if (process.platform !== 'linux') throw new Unavailable(`only Linux is provided for, this is ${process.platform}`);
  requireTool('g++', ['--version'], 'a C++ compiler (Debian: apt-get install g++ make)');
  requireTool('make', ['--version'], 'make (Debian: apt-get install make)');
  requireTool('python3', ['-m', 'pip', '--version'], 'Python 3 with pip (Debian: apt-get install python3-pip)');

  installPackage();
  unpack(fetchWheel());
  compile();
  if (!loads('show why not')) throw new Error('the binding was built but does not load: see the error above');
  console.log(`native: ${PACKAGE} ${PACKAGE_VERSION} was built on TensorFlow ${WHEEL_VERSION} and loads`);
}

/** Whether the binding loads: asked of another process, since a broken native library may end the one that tries. */
function loads(failure?: 'show why not'): boolean {
  if (!existsSync(join(packageFolder, 'package.json'))) return false;
  // util.isNullOrUndefined is gone from Node 23 on, and the package calls it.
  const script = `const util = require('node:util'); util.isNullOrUndefined ??= (value) => value == null;
    const tf = require('${PACKAGE}'); process.exit(tf.getBackend() === 'tensorflow' ? 0 : 1);`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '0' };
  const child = spawnSync(process.execPath, ['-e', script], { cwd: root, env, encoding: 'utf8' });
  if (child.status !== 0 && failure) console.error(child.stderr);
  return child.status === 0;
}

/** Installs the package without its install script, which would download. */
function installPackage(): void {
  if (existsSync(join(packageFolder, 'package.json'))) return;
  console.log(`native: installing ${PACKAGE} ${PACKAGE_VERSION}`);
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!run('npm', ['install', ...options, `${PACKAGE}@${PACKAGE_VERSION}`], root))
    throw new Unavailable(`npm could not install ${PACKAGE} ${PACKAGE_VERSION}`);
}

/** Path of the wheel, downloaded if it is not in the cache. */
function fetchWheel(): string {
  mkdirSync(cache, { recursive: true });
  const prefix = `${WHEEL.replace('-', '_')}-${WHEEL_VERSION}-`;
  const find = () => readdirSync(cache).find((file) => file.startsWith(prefix) && file.endsWith('.whl'));
  if (!find()) {
    console.log(`native: downloading the wheel ${WHEEL} ${WHEEL_VERSION}`);
    const options = [
      '--no-deps',
      '--only-binary=:all:',
      `--python-version=${WHEEL_PYTHON}`,
      '--quiet',
      '--dest',
      cache,
    ];
    run('python3', ['-m', 'pip', 'download', ...options, `${WHEEL}==${WHEEL_VERSION}`], root);
  }
  const wheel = find();
  if (!wheel) throw new Unavailable(`pip could not download ${WHEEL} ${WHEEL_VERSION} for ${process.arch}`);
  return join(cache, wheel);
}

/** Lays the wheel's library and headers where the package's build looks for them. */
function unpack(wheel: string): void {
  const deps = join(packageFolder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  const script = `
import os, shutil, sys, zipfile
deps = sys.argv[2]
wheel = zipfile.ZipFile(sys.argv[1])
for entry in wheel.infolist():
    if entry.is_dir(): continue
    folder, _, name = entry.filename.partition('/')
    if name in ('libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'): path = os.path.join(deps, 'lib', name)
    elif folder == 'tensorflow' and name.startswith('include/'): path = os.path.join(deps, name)
    else: continue
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with wheel.open(entry) as source, open(path, 'wb') as target: shutil.copyfileobj(source, target)
`;
  console.log('native: unpacking the library and its headers');
  if (!run('python3', ['-c', script, wheel, deps], root)) {
    rmSync(wheel, { force: true });
    throw new Error(`the wheel could not be unpacked and was removed from the cache: ${wheel}`);
  }
  symlinkSync('libtensorflow_cc.so.2', join(deps, 'lib', 'libtensorflow.so'));
  symlinkSync('libtensorflow_framework.so.2', join(deps, 'lib', 'libtensorflow_framework.so'));
}

/** Compiles in a temporary folder, since node-gyp fails where the path has a space in it. */
function compile(): void {
  console.log('native: compiling the binding');
  const require = createRequire(join(packageFolder, 'package.json'));
  const nodePreGyp = require.resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp');
  // Headers that lie beside this Node spare node-gyp a download.
  const prefix = resolve(process.execPath, '../..');
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];

  const folder = mkdtempSync(join(tmpdir(), 'tfjs-node-'));
  try {
    for (const source of ['package.json', 'binding.gyp', 'binding'])
      cpSync(join(packageFolder, source), join(folder, source), { recursive: true });
    symlinkSync(join(packageFolder, 'deps'), join(folder, 'deps'));
    if (!run(process.execPath, [nodePreGyp, 'install', '--build-from-source', ...headers], folder, 'quiet'))
      throw new Error('the binding did not compile: see the output above');
    cpSync(join(folder, 'lib'), join(packageFolder, 'lib'), { recursive: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requireTool(command: string, check: string[], description: string): void {
  if (spawnSync(command, check).status !== 0) throw new Unavailable(`${description} is needed and was not found`);
}

/** Runs a command and says whether it succeeded. Its output is shown; if `quiet`, only when it fails. */
function run(command: string, args: string[], cwd: string, quiet?: 'quiet'): boolean {
  const child = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: quiet ? 'pipe' : 'inherit' });
  const succeeded = child.status === 0;
  if (quiet && !succeeded) console.error(child.stdout, child.stderr, child.error?.message ?? '');
  return succeeded;
}
