// The newest supported Node, which has relaxed SIMD in WebAssembly. It is fetched from the package registry into the cache
// that .ci/other-nodes uses.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAJOR = 24;
const CACHE = fileURLToPath(new URL('../../../.cache/nodes', import.meta.url));

export type NewerNode = { readonly program: string; readonly version: string } | { readonly missing: string };

/** Fetches it unless cached. `missing` states why it is unavailable, or that this process already is as new. */
export function newerNode(): NewerNode {
  if (Number.parseInt(process.versions.node, 10) >= MAJOR) return { missing: 'this Node is already as new' };
  const program = join(CACHE, String(MAJOR), 'bin/node');
  if (!existsSync(program)) {
    if (process.platform !== 'linux') return { missing: 'binaries of other Node versions are fetched for Linux only' };
    const directory = join(CACHE, String(MAJOR));
    mkdirSync(directory, { recursive: true });
    const packed = run('npm', ['pack', '--silent', `node-linux-${process.arch}@${MAJOR}`], CACHE);
    if (packed.status !== 0) return { missing: `the package registry does not provide it: ${packed.stderr.trim()}` };
    const archive = packed.stdout.trim().split('\n').at(-1)!;
    const unpacked = run('tar', ['xzf', archive, '-C', directory, '--strip-components=1'], CACHE);
    if (unpacked.status !== 0) return { missing: `${archive} cannot be unpacked: ${unpacked.stderr.trim()}` };
  }
  const { status, stdout, stderr } = run(program, ['--version'], CACHE);
  if (status !== 0) return { missing: `${program} does not run: ${stderr.trim()}` };
  return { program, version: stdout.trim().replace('v', '') };
}

function run(program: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  return { status, stdout, stderr: error?.message ?? stderr };
}
