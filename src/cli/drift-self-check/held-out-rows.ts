import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DomainError } from '../../base/domain-error.js';
import { createRandom } from '../../base/statistics/random.js';
import { type Baseline, type HeldOut, makeBaseline } from '../../model/baseline/baseline.js';
import type { Columns } from '../../model/tables/columns.js';
import { csvToTable } from '../../model/tables/csv/csv-table.js';
import type { LabelledRows } from '../../model/tables/labelled-rows.js';
import { readTable } from '../../model/tables/table-file.js';
import { splitRows } from '../../model/training/split.js';
import type { Card } from '../../model/versions/card.js';

/** The rows from which a baseline was made, `[rows, features]`, or why they are unavailable. */
export type HeldOutRows = { readonly rows: Float32Array } | { readonly reason: string };

/**
 * Repeats the split of a training: reads the CSV at `path` and, if it is the table named in the card, returns the rows that
 * were held out. Rows are accepted only if, with the model's predictions of them, they reproduce the columns of the baseline exactly.
 */
export async function heldOutRows(
  path: string,
  card: Card,
  baseline: Baseline,
  predict: (rows: Float32Array) => HeldOut,
): Promise<HeldOutRows> {
  if (!existsSync(path)) return { reason: `${path} does not exist` };
  const directory = await mkdtemp(join(tmpdir(), 'drift-self-check-'));
  try {
    const ordered = ({ features, targets }: Columns): Columns =>
      isDeepStrictEqual(new Set(features), new Set(card.features))
        ? { features: card.features, targets: card.targets }
        : { features, targets };
    const { fingerprint } = await csvToTable(createReadStream(path), directory, card.targets, ordered);
    if (fingerprint !== card.data.fingerprint) return { reason: `the model was not trained on ${path}` };
    const rows = split(readTable(directory).data, card, baseline.rows);
    const predicted = predict(rows);
    const reproduced = makeBaseline(predicted, card.features, card.targets, 0, undefined, card.columns);
    if (isDeepStrictEqual(reproduced.features, baseline.features)) return { rows };
    return { reason: `the held-out rows of ${path} do not reproduce this baseline` };
  } catch (error) {
    if (error instanceof DomainError) return { reason: `${path}: ${error.message}` };
    throw error;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Returns the first `count` rows that a training with the seed of the card holds out. */
function split(data: LabelledRows, { features: names, training, columns }: Card, count: number): Float32Array {
  const { heldOut } = splitRows(data, training.validation_split, createRandom(training.seed), columns);
  const width = names.length;
  const rows = new Float32Array(count * width);
  heldOut.subarray(0, count).forEach((row, i) => {
    rows.set(data.features.subarray(row * width, (row + 1) * width), i * width);
  });
  return rows;
}
