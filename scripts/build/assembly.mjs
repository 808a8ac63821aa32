import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

/**
 * Compiles the AssemblyScript of a folder into a WebAssembly binary. `cache` holds binaries by what they were made of:
 * sources, configuration and compiler.
 *
 * @param {string} folder
 * @param {string} target a target of its asconfig.json
 * @param {string} binary where the binary goes
 * @param {string} cache
 */
export async function buildAssembly(folder, target, binary, cache) {
  const hash = createHash('sha256').update(`${asc.version} ${target}`);
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  const cached = join(cache, `${hash.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(cached)) {
    mkdirSync(cache, { recursive: true });
    const written = `${cached}-${process.pid}`;
    const config = join(folder, 'asconfig.json');
    const { error, stderr } = await asc.main(['--config', config, '--target', target, '--outFile', written]);
    if (error) throw new Error(`${folder}: ${stderr.toString()}`, { cause: error });
    renameSync(written, cached);
  }
  copyFileSync(cached, binary);
}
