// Sends tables that Python packages ship to the real service as they are, compares its predictions of the same test rows with
// those of scikit-learn's models, and prints docs/tables.md:
// `TABLES_PYTHON=python3 node dist/bench/tables/tables.js > docs/tables.md`. `--quick` runs six small tables with two
// splits each, names run these tables, and `--splits=N` bounds the splits of each. Exits with 1 if a target is missed. Without a Python
// that has the packages, it is skipped.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/server/service/training/job.js';
import { type Side, startService } from '../serving/serving-sides.js';
import { printMachine, Verdicts } from '../tools/report.js';
import { TABLES, type Table } from './catalogue.js';
import { MODELS, PACKAGES, splitTable, versions } from './python.js';

/** Targets: the geometric mean of the RMSE by that of the trees, and each RMSE by that of the better of ridge and MLP. */
const MAX_MEAN = 1.05;
const MAX_RATIO = 1.15;

/** How often the state of a training is asked for. */
const POLL_MS = 500;

const quick = process.argv.includes('--quick');
const MAX_SPLITS = quick ? 2 : Number(process.argv.find((each) => each.startsWith('--splits='))?.slice(9) ?? 10);

interface Result {
  readonly table: Table;
  readonly rows: number;
  readonly features: number;
  readonly texts: number;
  readonly splits: number;
  /** Root mean squared errors over the test rows of all splits, by model. `ours` is null for a table that was refused. */
  readonly rmse: Readonly<Record<(typeof MODELS)[number], number>>;
  readonly ours: number | null;
  readonly refusal: string | undefined;
  /** Seconds of a training, the mean. */
  readonly seconds: number;
}

const found = versions();
if ('missing' in found) {
  console.error(`SKIPPED: tables: ${found.missing}. To make one: python3 -m venv tables && tables/bin/pip install`);
  console.error(`${PACKAGES.join(' ')}; then TABLES_PYTHON=tables/bin/python`);
} else {
  const names = process.argv.slice(2).filter((each) => !each.startsWith('--'));
  const chosen = TABLES.filter((each) => (names.length > 0 ? names.includes(each.name) : !quick || each.quick));
  const directory = mkdtempSync(join(tmpdir(), 'rr-tables-'));
  const service = await startService(join(directory, 'store'));
  const results: Result[] = [];
  try {
    for (const table of chosen) {
      results.push(await compare(service, table, directory));
      console.error(line(results.at(-1)!));
    }
  } finally {
    service.process.kill();
    await once(service.process, 'close');
    rmSync(directory, { recursive: true, force: true });
  }
  print(results, found.text);
}

async function compare(service: Side, table: Table, directory: string): Promise<Result> {
  const splits = Math.min(MAX_SPLITS, table.splits);
  const made = await splitTable(table, splits, directory);
  const squares: number[] = [];
  let refusal: string | undefined;
  let seconds = 0;
  for (const [i, { targets }] of made.splits.entries()) {
    try {
      seconds += (await train(service, table, readFileSync(join(directory, `train-${i}.csv`)))) / splits;
      const predicted = await predict(service, readFileSync(join(directory, `test-${i}.csv`)));
      squares.push(mean(targets.length, (row) => (predicted[row]! - targets[row]!) ** 2));
    } catch (error) {
      refusal = (error as Error).message;
      break;
    }
  }
  const of = (model: (typeof MODELS)[number]) => Math.sqrt(mean(splits, (i) => made.splits[i]!.mse[model]));
  return {
    table,
    rows: made.rows,
    features: made.features,
    texts: made.texts.length,
    splits,
    rmse: { hgb: of('hgb'), ridge: of('ridge'), mlp: of('mlp'), mean: of('mean') },
    ours: refusal === undefined ? Math.sqrt(mean(splits, (i) => squares[i]!)) : null,
    refusal,
    seconds,
  };
}

/**
 * Trains with the defaults. Serves the version whatever the gate says, since the benchmark judges it. Returns the seconds. It does not
 * wait for one reply: fetch gives up after five minutes.
 */
async function train({ port }: Side, { target }: Table, csv: Buffer): Promise<number> {
  const query = new URLSearchParams({ target, replace: 'true', promote: 'always' });
  let job = await post<Job>(port, `/train?${query}`, csv);
  while (job.state === 'running') {
    await sleep(POLL_MS);
    job = (await (await fetch(`http://127.0.0.1:${port}/train/${job.id}`)).json()) as Job;
  }
  if (job.state !== 'succeeded') throw new Error(job.error?.message ?? job.state);
  return job.seconds;
}

async function predict({ port }: Side, csv: Buffer): Promise<number[]> {
  const { predictions } = await post<{ predictions: number[][] }>(port, '/predict', csv);
  return predictions.map(([value]) => value!);
}

async function post<T>(port: number, path: string, body: Buffer): Promise<T> {
  const headers = { 'content-type': 'text/csv', accept: 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 500));
  return JSON.parse(text) as T;
}

function print(results: readonly Result[], packages: string): void {
  console.log('# Real tables\n');
  printMachine();
  console.log(
    `${packages}. The command: \`TABLES_PYTHON=… node dist/bench/tables/tables.js${quick ? ' --quick' : ''}\`.\n`,
  );
  console.log(
    'Each table is written by pandas with `to_csv(index=False)`, split at random into 75 % and 25 % of its rows, and',
  );
  console.log(
    'sent as it is: `POST /train?target=…` with the defaults, then `POST /predict` with the test rows. Nothing is said',
  );
  console.log(
    'of its columns. Errors are root mean squared errors over the test rows of all splits, in the units of the target.',
  );
  console.log(
    'On the same rows, scikit-learn fits HGB (HistGradientBoostingRegressor with native categories), Ridge (RidgeCV)',
  );
  console.log(
    'and MLP (MLPRegressor, 5 × 30, early stopping). For these, `bench/tables/peers.py` leaves out identifiers, splits',
  );
  console.log(
    'dates into parts, and, for the latter two, encodes categories one-hot and replaces gaps with the mean. `mean` predicts',
  );
  console.log('the mean of the training rows. A ratio below 1 is in favour of the service.\n');
  console.log(
    '| table | rows × features (text) | splits | ours | HGB | Ridge | MLP | mean | ours / HGB | ours / better of Ridge and MLP | seconds |',
  );
  console.log('|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const result of results) console.log(line(result));
  console.log('');
  const accepted = results.filter((result) => result.ours !== null);
  const refused = results.filter((result) => result.ours === null);
  for (const { table, refusal } of refused) console.log(`- ${table.name} was refused: ${refusal}`);
  const logs = accepted.map((result) => Math.log(byTrees(result)));
  const average = Math.exp(mean(logs.length, (i) => logs[i]!));
  const worst = accepted.toSorted((a, b) => byLinear(b) - byLinear(a))[0];
  const verdicts = new Verdicts();
  verdicts.judge(`${refused.length} of ${results.length} tables refused, none`, refused.length === 0);
  verdicts.judge(
    `geometric mean of the RMSE, by that of HGB: ${average.toFixed(3)}, at most ${MAX_MEAN}`,
    average <= MAX_MEAN,
  );
  if (worst) {
    verdicts.judge(
      `the largest RMSE, by that of the better of Ridge and MLP: ${byLinear(worst).toFixed(2)} (${worst.table.name}), at most ${MAX_RATIO}`,
      byLinear(worst) <= MAX_RATIO,
    );
  }
  verdicts.print();
}

function line(result: Result): string {
  const { table, rows, features, texts, splits, rmse, ours, seconds } = result;
  const cells = [
    table.name,
    `${rows.toLocaleString('en')} × ${features} (${texts})`,
    splits,
    figure(ours),
    ...MODELS.map((model) => figure(rmse[model])),
    ours === null ? '' : byTrees(result).toFixed(2),
    ours === null ? '' : byLinear(result).toFixed(2),
    seconds.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Three digits, or all digits before the point. */
function figure(value: number | null): string {
  if (value === null) return 'refused';
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function byTrees({ ours, rmse }: Result): number {
  return ours! / rmse.hgb;
}

function byLinear({ ours, rmse }: Result): number {
  return ours! / Math.min(rmse.ridge, rmse.mlp);
}

function mean(count: number, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += value(i);
  return sum / count;
}
