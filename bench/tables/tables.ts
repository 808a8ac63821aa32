// Sends tables that Python packages ship to the real service as they are, compares its predictions of the same test rows with
// those of other packages' models, and prints docs/tables.md:
// `TABLES_PYTHON=python3 node dist/bench/tables/tables.js > docs/tables.md`. `--quick` runs six small tables with two
// splits each, names run these tables, and `--splits=N` bounds the splits of each. Exits with 1 if a target is missed. Without a Python
// that has the packages, it is skipped.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, printMachine, Verdicts } from '../tools/report.js';
import { TABLES, type Table } from './catalogue.js';
import { pythonOrSkip, splitTable } from './python.js';
import { formatRatio, geometricMean, type Ratio, ratioOf, rootMean } from './ratio.js';
import { type TableService, withService } from './table-service.js';

/** Targets: the geometric mean of the RMSE by that of HGB, and each RMSE by that of the better of ridge and MLP. */
const MAX_MEAN = 0.97;
const MAX_RATIO = 1.15;

/** On tables of fewer rows, the RMSE by that of the best of ridge, MLP and HGB, but for the standard error of this ratio. */
const SMALL = 5000;
const MAX_SMALL_RATIO = 1.05;

const MODELS = {
  hgb: 'HGB',
  catboost: 'CatBoost',
  lightgbm: 'LightGBM',
  ridge: 'Ridge',
  mlp: 'MLP',
  mean: 'mean',
} as const;
type Model = keyof typeof MODELS;
const NAMES = Object.keys(MODELS) as Model[];

const quick = process.argv.includes('--quick');
const MAX_SPLITS = quick ? 2 : Number(process.argv.find((each) => each.startsWith('--splits='))?.slice(9) ?? 10);

/** What peers.py prints of a table. */
interface Splits {
  readonly rows: number;
  readonly features: number;
  /** Columns that are neither numbers nor times. */
  readonly texts: readonly string[];
  readonly splits: readonly {
    /** Of the test rows. */
    readonly targets: readonly number[];
    /** Mean squared errors. */
    readonly mse: Readonly<Record<Model, number>>;
  }[];
}

interface Result extends Splits {
  readonly table: Table;
  /** Mean squared errors of the service by split; null for a table that was refused. */
  readonly ours: readonly number[] | null;
  readonly refusal: string | undefined;
  /** Seconds of a training, the mean. */
  readonly seconds: number;
}

const packages = pythonOrSkip('tables', ['catboost', 'lightgbm']);
if (packages) {
  const names = process.argv.slice(2).filter((each) => !each.startsWith('--'));
  const chosen = TABLES.filter((each) => (names.length > 0 ? names.includes(each.name) : !quick || each.quick));
  const results: Result[] = [];
  await withService(async (service, directory) => {
    for (const table of chosen) {
      results.push(await compare(service, table, directory));
      console.error(line(results.at(-1)!));
    }
  });
  print(results, packages);
}

async function compare(service: TableService, table: Table, directory: string): Promise<Result> {
  const splits = Math.min(MAX_SPLITS, table.splits);
  const made = await splitTable<Splits>('tables/peers.py', table, splits, directory);
  const squares: number[] = [];
  let refusal: string | undefined;
  let seconds = 0;
  for (const [i, { targets }] of made.splits.entries()) {
    try {
      seconds += (await service.train(table.target, readFileSync(join(directory, `train-${i}.csv`)))) / splits;
      const { predictions } = await service.predict(readFileSync(join(directory, `test-${i}.csv`)));
      squares.push(
        targets.reduce((sum, target, row) => sum + (predictions[row]![0]! - target) ** 2, 0) / targets.length,
      );
    } catch (error) {
      refusal = (error as Error).message;
      break;
    }
  }
  return { ...made, table, ours: refusal === undefined ? squares : null, refusal, seconds };
}

function print(results: readonly Result[], packages: string): void {
  const verdicts = new Verdicts();
  console.log('# Real tables\n');
  printMachine();
  console.log(`${packages}. The command: \`TABLES_PYTHON=… ${command('dist/bench/tables/tables.js')}\`.\n`);
  console.log(`Each table is written by pandas with \`to_csv(index=False)\`, split at random into 75 % and 25 % of its rows, and
sent as it is: \`POST /train?target=…\` with the defaults, then \`POST /predict\` with the test rows. Nothing is said
of its columns. Errors are root mean squared errors over the test rows of all splits, in the units of the target.
On the same rows, other packages fit HGB (scikit-learn's HistGradientBoostingRegressor with native categories), CatBoost
and LightGBM (their defaults, with native categories), Ridge (RidgeCV) and MLP (MLPRegressor, 5 × 30, early stopping).
For these, \`bench/tables/peers.py\` leaves out identifiers, splits dates into parts, and, for the latter two, encodes
categories one-hot and replaces gaps with the mean. \`mean\` predicts the mean of the training rows. A ratio below 1 is in
favour of the service; ± is its standard error over the splits (jackknife).
`);
  const heads = [
    'table',
    'rows × features (text)',
    'splits',
    'ours',
    ...Object.values(MODELS),
    'ours / HGB',
    'ours / CatBoost',
    'ours / best of HGB, Ridge and MLP',
    'seconds',
  ];
  console.log(`| ${heads.join(' | ')} |`);
  console.log(`|---|---|${'---:|'.repeat(heads.length - 2)}`);
  for (const result of results) console.log(line(result));
  console.log('');
  const accepted = results.filter(({ ours }) => ours !== null);
  const refused = results.filter(({ ours }) => ours === null);
  for (const { table, refusal } of refused) console.log(`- ${table.name} was refused: ${refusal}`);
  const meanTo = (model: Model) => geometricMean(accepted.map((result) => to(result, model).value));
  verdicts.judge(`${refused.length} of ${results.length} tables refused, none`, refused.length === 0);
  verdicts.judge(
    `geometric mean of the RMSE, by that of HGB: ${meanTo('hgb').toFixed(3)}, at most ${MAX_MEAN}`,
    meanTo('hgb') <= MAX_MEAN,
  );
  const small = accepted.filter(({ rows }) => rows < SMALL);
  const beyond = small.filter((result) => excess(toBest(result)) > 0).map(({ table }) => table.name);
  const worstSmall = small.toSorted((a, b) => excess(toBest(b)) - excess(toBest(a)))[0];
  if (worstSmall) {
    verdicts.judge(
      `tables below ${SMALL.toLocaleString('en')} rows whose RMSE is beyond ${MAX_SMALL_RATIO} times that of the best of HGB, Ridge and MLP by ` +
        `more than its standard error: ${beyond.length} (${beyond.join(', ') || `next: ${worstSmall.table.name}, ${formatRatio(toBest(worstSmall))}`}), none`,
      beyond.length === 0,
    );
  }
  const worst = accepted.toSorted((a, b) => toLinear(b).value - toLinear(a).value)[0];
  if (worst) {
    verdicts.judge(
      `the largest RMSE, by that of the better of Ridge and MLP: ${toLinear(worst).value.toFixed(2)} (${worst.table.name}), at most ${MAX_RATIO}`,
      toLinear(worst).value <= MAX_RATIO,
    );
  }
  verdicts.print();
  const [catboost, lightgbm] = [meanTo('catboost'), meanTo('lightgbm')];
  const better = accepted.filter((result) => to(result, 'catboost').value < 1).length;
  console.log(`
The geometric mean of the RMSE, by that of CatBoost, is ${catboost.toFixed(3)} (${better} of ${accepted.length} tables below 1), and by that of
LightGBM ${lightgbm.toFixed(3)}. ${catboost <= 1 ? 'The goal of 1.00 beside CatBoost is reached.' : `The next goal is 1.00 beside CatBoost: ${(100 * (1 - 1 / catboost)).toFixed(1)} % of the error are missing.`}`);
}

function line(result: Result): string {
  const { table, rows, features, texts, splits, ours, seconds } = result;
  const cells = [
    table.name,
    `${rows.toLocaleString('en')} × ${features} (${texts.length})`,
    splits.length,
    ours === null ? 'refused' : figure(rootMean(ours)),
    ...NAMES.map((model) => figure(rootMean(squaresOf(result, model)))),
    ...(ours === null ? ['', '', ''] : [to(result, 'hgb'), to(result, 'catboost'), toBest(result)].map(formatRatio)),
    seconds.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Three digits, or all digits before the point. */
function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** Mean squared errors of a model by split. */
function squaresOf({ splits }: Result, model: Model): number[] {
  return splits.map(({ mse }) => mse[model]);
}

/** The ratio of the service's error to that of the best of some models. */
function to(result: Result, ...models: Model[]): Ratio {
  const [best] = models.map((model) => squaresOf(result, model)).sort((a, b) => rootMean(a) - rootMean(b));
  return ratioOf(result.ours!, best!);
}

function toBest(result: Result): Ratio {
  return to(result, 'hgb', 'ridge', 'mlp');
}

function toLinear(result: Result): Ratio {
  return to(result, 'ridge', 'mlp');
}

/** By how much a ratio is beyond the bound of small tables, but for its standard error. */
function excess({ value, error = 0 }: Ratio): number {
  return value - error - MAX_SMALL_RATIO;
}
