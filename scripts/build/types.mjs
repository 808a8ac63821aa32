// Writes the type declarations of the package's exports into dist/types: those that the exports refer to, of all that the compiler makes.

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ALL = join(ROOT, 'dist/types-of-all');
const TYPES = join(ROOT, 'dist/types');

const { status } = spawnSync('npx', ['tsc', '--project', 'scripts/build/types.json'], { cwd: ROOT, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
rmSync(TYPES, { recursive: true, force: true });
for (const { types } of Object.values(exports)) if (types) copy(join(ALL, relative('dist/types', types)));
rmSync(ALL, { recursive: true });

/**
 * Copies a declaration and those that it refers to.
 *
 * @param {string} file
 * @param {Set<string>} copied
 */
function copy(file, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  cpSync(file, join(TYPES, relative(ALL, file)));
  const references = readFileSync(file, 'utf8').matchAll(/(?:from |import\()['"](\.[^'"]+)\.js['"]/g);
  for (const [, path] of references) copy(join(dirname(file), `${path}.d.ts`), copied);
}
