// Checks the licences of all packages (`npm run licences`), and exits with 1 if one is not in the list. With `--texts`, it prints the
// licence texts of the packages that are shipped, which most licences require; `--installed=DIR` as for `npm run sbom`.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedArgument, isForDevelopment, ROOT, shippedBom, wholeBom } from './sbom.mjs';

/** @import { Component, Licence } from './sbom.mjs' */

/** Licences under which what is shipped may be: they require no more than their text and a notice. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Zlib'];
/** Further ones of packages that are used only for development. */
const ALLOWED_FOR_DEVELOPMENT = ['MPL-2.0'];

/**
 * Returns the packages whose licence is not allowed.
 *
 * @param {Component[]} components
 * @param {ReadonlySet<Component>} shipped
 */
export function refusedLicences(components, shipped) {
  return components
    .filter((component) => {
      const isShipped = shipped.has(component) || !isForDevelopment(component);
      const allowed = isShipped ? ALLOWED : [...ALLOWED, ...ALLOWED_FOR_DEVELOPMENT];
      return !(component.licenses?.length && component.licenses.every((licence) => isAllowed(licence, allowed)));
    })
    .map(
      ({ name, version, licenses = [] }) => `${name}@${version}: ${licenses.map(textOf).join(', ') || 'no licence'}`,
    );
}

/**
 * @param {Licence} licence
 * @param {string[]} allowed
 */
function isAllowed(licence, allowed) {
  return textOf(licence)
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((id) => allowed.includes(id)));
}

/** @param {Licence} licence */
function textOf(licence) {
  return 'expression' in licence ? licence.expression : (licence.license.id ?? licence.license.name ?? 'unnamed');
}

/**
 * The licence texts of packages, one after the other.
 *
 * @param {Component[]} components
 * @param {string} installed folder whose node_modules are shipped
 */
function* texts(components, installed) {
  for (const component of components) {
    const { name, version, licenses = [] } = component;
    const folders = [installed, ROOT].map((root) => join(root, 'node_modules', name));
    const folder = folders.find((path) => existsSync(path)) ?? '';
    const files = folder ? readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)) : [];
    yield `${'='.repeat(80)}\n${name} ${version} (${licenses.map(textOf).join(', ')})\n\n`;
    for (const file of files) yield `${readFileSync(join(folder, file), 'utf8').trim()}\n\n`;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const whole = wholeBom();
  const installed = installedArgument();
  const { components } = shippedBom(whole, installed);
  const refused = refusedLicences(whole.components, new Set(components));
  if (refused.length > 0) {
    process.stderr.write(`licences that are not in the list of scripts/build/licences.mjs:\n${refused.join('\n')}\n`);
    process.exitCode = 1;
  } else if (process.argv.includes('--texts')) process.stdout.write([...texts(components, installed ?? ROOT)].join(''));
  else console.log(`${whole.components.length} packages, all under licences of the list`);
}
