// The software bill of materials of what is shipped, as CycloneDX: `npm run sbom` prints it. npm describes all packages of the lock
// file; those that neither are installed for production nor are a part of a bundle are left out.
//
// `--installed=DIR`: packages below DIR/node_modules instead of those that the lock file installs for production.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The compiler copies this file, too: only the package knows where its root is.
const BUNDLED = fileURLToPath(import.meta.resolve('#built/bundled.json'));
export const ROOT = join(dirname(BUNDLED), '../..');

/**
 * @typedef {{ license: { id?: string, name?: string } } | { expression: string }} Licence
 * @typedef {{ 'bom-ref': string, name: string, version: string, licenses?: Licence[], properties?: { name: string, value: string }[] }} Component
 * @typedef {{ components: Component[], dependencies: { ref: string, dependsOn: string[] }[], metadata: { component: Component } }} Bom
 */

/**
 * Returns the bill of all packages, as npm writes it: those of the service, then those that only the lists in packages/ name.
 *
 * @returns {Bom}
 */
export function wholeBom() {
  const service = npmSbom();
  const lists = npmSbom('--workspaces');
  const isKnown = (/** @type {string} */ wanted) => service.dependencies.some(({ ref }) => ref === wanted);
  const packages = lists.components.filter(({ 'bom-ref': ref, properties = [] }) => {
    return !isKnown(ref) && !properties.some(({ value }) => value.startsWith('packages/'));
  });
  return {
    ...service,
    components: [...service.components, ...packages],
    dependencies: [...service.dependencies, ...lists.dependencies.filter(({ ref }) => !isKnown(ref))],
  };
}

/**
 * @param {string[]} options
 * @returns {Bom}
 */
function npmSbom(...options) {
  const { stdout, stderr, status } = spawnSync(
    'npm',
    ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', ...options],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(`npm sbom: ${stderr}`);
  return JSON.parse(stdout);
}

/** @param {Component} component */
export function isForDevelopment({ properties = [] }) {
  return properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
}

/**
 * Returns the bill of what is shipped.
 *
 * @param {Bom} whole
 * @param {string | undefined} installed folder whose node_modules are shipped
 * @returns {Bom}
 */
export function shippedBom(whole, installed) {
  const shipped = new Set(bundled());
  for (const name of installed === undefined ? [] : packagesIn(join(installed, 'node_modules'))) shipped.add(name);
  const isShipped = (/** @type {Component} */ component) =>
    shipped.has(`${component.name}@${component.version}`) || (installed === undefined && !isForDevelopment(component));
  const components = whole.components.filter(isShipped);
  const refs = new Set(components.map(({ name, version }) => `${name}@${version}`));
  const own = `${whole.metadata.component.name}@${whole.metadata.component.version}`;
  const missing = [...shipped].filter((name) => !refs.has(name) && name !== own);
  if (missing.length > 0) throw new Error(`the lock file does not know what is shipped: ${missing.join(', ')}`);
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const dependencies = whole.dependencies
    .filter(({ ref }) => refs.has(ref) || ref === `${name}@${version}`)
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  const component = { ...whole.metadata.component, type: 'application', name };
  return { ...whole, metadata: { ...whole.metadata, component }, components, dependencies };
}

/** The folder that `--installed=DIR` names. */
export function installedArgument() {
  return process.argv.find((argument) => argument.startsWith('--installed='))?.slice('--installed='.length);
}

/**
 * The packages of which the bundles in dist/app contain something.
 *
 * @returns {string[]}
 */
function bundled() {
  return JSON.parse(readFileSync(BUNDLED, 'utf8'));
}

/**
 * The packages in a folder `node_modules`, and in those of these packages, as name@version.
 *
 * @param {string} folder
 * @returns {string[]}
 */
function packagesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => join(name, inner)) : [name],
    )
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .flatMap((name) => {
      const { version } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
      return [`${name}@${version}`, ...packagesIn(join(folder, name, 'node_modules'))];
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(shippedBom(wholeBom(), installedArgument()), null, 2)}\n`);
}
