import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of AssemblyScript, and the binaries of their targets by their names in dist/app. */
export const ASSEMBLIES = [
  { folder: 'src/model/engines/kernel/assembly', binary: 'kernel-simd.wasm', target: 'simd' },
  { folder: 'src/model/engines/kernel/assembly', binary: 'kernel-relaxed.wasm', target: 'relaxed' },
  { folder: 'src/drift/counts/assembly', binary: 'row-counter.wasm', target: 'simd' },
];

/** Version of the compiler, AssemblyScript. */
export const COMPILER_VERSION = JSON.parse(
  readFileSync(new URL('../../packages/tests/package.json', import.meta.url), 'utf8'),
).devDependencies.assemblyscript;

/** Folder beside the sources with the binaries, which are in the repository: the compiler is larger than all that the service needs. */
const BINARIES = 'binaries';

/**
 * Copies the WebAssembly binary of a folder of AssemblyScript. Compiles it before that if the sources, the configuration or the
 * compiler's version have changed: its name has a hash of them.
 *
 * @param {string} folder
 * @param {string} target a target of its asconfig.json
 * @param {string} copy where the copy goes
 */
export async function buildAssembly(folder, target, copy) {
  const hash = createHash('sha256').update(`${COMPILER_VERSION} ${target}`);
  const sources = readdirSync(folder).filter((name) => name !== BINARIES);
  for (const name of sources.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  const binaries = join(folder, BINARIES);
  const name = `${target}-${hash.digest('hex').slice(0, 16)}.wasm`;
  const binary = join(binaries, name);
  if (!existsSync(binary)) {
    mkdirSync(binaries, { recursive: true });
    const written = `${binary}-${process.pid}`;
    await compileAssembly(folder, target, written);
    renameSync(written, binary);
    const outdated = readdirSync(binaries).filter((each) => each.startsWith(`${target}-`) && each !== name);
    for (const each of outdated) rmSync(join(binaries, each), { force: true });
  }
  copyFileSync(binary, copy);
}

/**
 * @param {string} folder
 * @param {string} target
 * @param {string} binary where the binary goes
 */
export async function compileAssembly(folder, target, binary) {
  const { default: asc } = await import('assemblyscript/asc').catch((cause) => {
    throw new Error(`${folder} has changed, and its compiler is missing: npm run packages`, { cause });
  });
  const config = join(folder, 'asconfig.json');
  const { error, stderr } = await asc.main(['--config', config, '--target', target, '--outFile', binary]);
  if (error) throw new Error(`${folder}: ${stderr.toString()}`, { cause: error });
}
