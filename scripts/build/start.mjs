// Starts the service (`npm start`) with the settings of `.env`, if there is one, and builds it before that if the sources or the packages
// are newer than the last build: an install runs no scripts.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/app/main.js');
/** What a build is made of. npm writes the last one at each install. */
const INPUTS = ['src', 'scripts/build', 'tsconfig.json', 'package.json', 'node_modules/.package-lock.json'];

readSettings();
if (isOutdated()) {
  process.stderr.write('building the service\n');
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
await import(MAIN);

/** Adds the variables of a file `.env`, except for those that the environment has, as src/cli/main.ts does. */
function readSettings() {
  try {
    if (statSync('.env', { throwIfNoEntry: false })?.isDirectory() !== false) return;
    process.loadEnvFile();
    process.stderr.write('settings are read from .env\n');
  } catch (error) {
    process.stderr.write(`.env cannot be read: ${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}

function isOutdated() {
  if (!existsSync(MAIN)) return true;
  const built = statSync(MAIN).mtimeMs;
  return INPUTS.map((name) => join(ROOT, name))
    .filter((path) => existsSync(path))
    .some((path) => newest(path) > built);
}

/**
 * The time of the latest change of a file, or of the files and folders in a folder, in milliseconds.
 *
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
