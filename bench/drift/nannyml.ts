import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXPECTED_ROWS, type ExpectedTrial } from './expected-errors.js';
import type { Split } from './housing.js';

const SCRIPT = fileURLToPath(new URL('../../../bench/drift/nannyml_dle.py', import.meta.url));

/** NannyML's estimates of the RMSE, one per window, or why there are none. */
export type NannyMl = { readonly version: string; readonly rmse: readonly number[] } | { readonly skipped: string };

/** Has NannyML estimate the RMSE of the windows of a split, with the Python interpreter in NANNYML_PYTHON. */
export function estimateByNannyMl(split: Split, trials: readonly ExpectedTrial[]): NannyMl {
  const python = process.env['NANNYML_PYTHON'];
  if (!python) return { skipped: 'NANNYML_PYTHON does not name a Python interpreter that has the package nannyml' };
  const directory = mkdtempSync(join(tmpdir(), 'rr-nannyml-'));
  try {
    const { names, reference, referenceTargets } = split;
    writeCsv(join(directory, 'reference.csv'), names, reference.rows, reference.outputs, referenceTargets);
    const rows = Float32Array.from(trials.flatMap((trial) => Array.from(trial.rows)));
    const outputs = Float32Array.from(trials.flatMap((trial) => Array.from(trial.outputs)));
    writeCsv(join(directory, 'windows.csv'), names, rows, outputs);
    const printed = execFileSync(python, [SCRIPT, directory, String(EXPECTED_ROWS)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(printed.trim().split('\n').at(-1)!) as NannyMl;
  } catch (error) {
    return { skipped: (error as Error).message };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function writeCsv(
  path: string,
  names: readonly string[],
  rows: Float32Array,
  outputs: Float32Array,
  targets?: Float32Array,
): void {
  const d = names.length;
  const lines = [[...names, 'y_pred', ...(targets ? ['y_true'] : [])].join(',')];
  for (let r = 0; r < outputs.length; r++) {
    const known = targets ? [targets[r]] : [];
    lines.push([...rows.subarray(r * d, (r + 1) * d), outputs[r], ...known].join(','));
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
}
