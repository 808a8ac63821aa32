// Installs the packages that only tests, checks, types and benchmarks need (`npm run packages`), unless they are installed. `npm ci`
// leaves them out: they are several times as large as all that the service needs.

import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALLED = join(ROOT, 'node_modules');
/** Every workspace beside the root, to the versions of the lock file, which stays as it is. */
const INSTALL = ['install', '--workspaces', '--include-workspace-root', '--no-save', '--no-audit', '--no-fund'];

const missing = listed().filter(({ name, version }) => versionIn(join(INSTALLED, name)) !== version);
if (missing.length > 0) install(missing.map(({ name, version }) => `${name}@${version}`));

/** @param {string[]} names */
function install(names) {
  // npm would replace what the link points to, which another checkout uses.
  if (existsSync(INSTALLED) && lstatSync(INSTALLED).isSymbolicLink()) {
    process.stderr.write(`node_modules is a link to a folder without ${names.join(', ')}: install them there\n`);
    process.exit(1);
  }
  process.stderr.write('installing the packages that tests and checks need\n');
  const { status } = spawnSync('npm', INSTALL, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

/** The packages that the lists in packages/ name, in their exact versions. */
function listed() {
  const folder = join(ROOT, 'packages');
  return readdirSync(folder).flatMap((list) => {
    const { dependencies = {}, devDependencies = {} } = readJson(join(folder, list));
    return Object.entries({ ...dependencies, ...devDependencies }).map(([name, version]) => ({ name, version }));
  });
}

/**
 * The version of an installed package; npm lets packages write `v1.0.0`.
 *
 * @param {string} folder
 */
function versionIn(folder) {
  return existsSync(join(folder, 'package.json')) ? readJson(folder).version.replace(/^v/, '') : undefined;
}

/** @param {string} folder */
function readJson(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
