import { Command, Option } from 'commander';
import { DATE_ORDERS } from '../../model/columns/times.js';
import { DEFAULT_TRAINING } from '../../model/training/training-options.js';
import { PROMOTIONS } from '../../model/versions/gate-decision.js';
import { auditChange } from '../audit/audit-change.js';
import { realNumber, wholeNumber, withStoreOptions } from '../source/model-options.js';
import { ServiceClient } from '../source/service-client.js';
import { settings } from '../source/settings.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT, UsageError } from '../terminal/exit-codes.js';
import { print } from '../terminal/print.js';
import { figure, textTable } from '../terminal/text-table.js';
import { requireFree, trainToDirectory } from './train/directory-training.js';
import { trainOnService } from './train/service-training.js';
import { trainInStore } from './train/store-training.js';
import type { TrainedVersion, TrainOptions } from './train/train-options.js';

const LIST = 'separated by commas';

export function trainCommand(): Command {
  const { epochs, batch_size, learning_rate, validation_split, seed, patience, target_transform } = DEFAULT_TRAINING;
  const command = withStoreOptions(
    withTableOptions(
      new Command('train')
        .description('train a version on a table: CSV (also .gz), Parquet or Arrow; the gate decides whether it serves')
        .argument('<file>', 'the table; - is standard input')
        .requiredOption('--target <column>', `what to predict; several columns are ${LIST}`)
        .option('-o, --out <dir>', "write the version's files to a new directory instead of a store"),
    )
      .addOption(
        new Option('--promote <when>', 'the version serves if the gate accepts it, always, or never')
          .choices(PROMOTIONS)
          .default('gate'),
      )
      .option('--replace', 'accept other columns than those of the version in production')
      .option('--epochs <number>', `passes over the rows (default: ${epochs})`, wholeNumber(1, 100_000))
      .option(
        '--patience <number>',
        `epochs without improvement before it stops (default: ${patience})`,
        wholeNumber(1, 100_000),
      )
      .option('--batch-size <rows>', `rows of a step (default: ${batch_size})`, wholeNumber(1, 1_000_000))
      .option('--learning-rate <number>', `size of a step (default: ${learning_rate})`, realNumber)
      .option(
        '--validation-split <share>',
        `share of the rows that is held out (default: ${validation_split})`,
        realNumber,
      )
      .option(
        '--seed <number>',
        `of the weights and the order of the rows (default: ${seed})`,
        wholeNumber(0, 4_294_967_295),
      )
      .option(
        '--trials <number>',
        'configurations to try before the training, 1 for none (default: below 5,000 rows, those that fit into two seconds)',
        wholeNumber(1, 1000),
      )
      .option('--budget-seconds <seconds>', 'time for trying configurations', realNumber)
      .option(
        '--members <number>',
        'serve the average of this many networks, each from a seed of its own (default: 1, or 3 if trials show it better)',
        wholeNumber(1, 10),
      )
      .addOption(
        new Option(
          '--target-transform <how>',
          `learn the logarithm of targets with a long tail (default: ${target_transform})`,
        ).choices(['auto', 'none', 'log1p']),
      ),
  ).action(train);
  withJson(command);
  return withExamples(command, [
    ['train houses.csv --target price', 'train, and serve the version if it is not worse than the one in production'],
    ['train houses.parquet --target price --out price-model', 'write the version to a directory, for predict --model'],
    ['train houses.csv --target price --url http://127.0.0.1:8080', 'train in a running service'],
  ]);
}

/** Adds what a person may say of a table. */
export function withTableOptions(command: Command): Command {
  return command
    .option('--features <columns>', `the only columns to learn from, ${LIST}`)
    .option('--drop <columns>', `columns to leave out, ${LIST}`)
    .option('--types <types>', 'types that the values do not show, such as zip:category,when:timestamp')
    .option('--delimiter <character>', 'separates the cells of a CSV: , ; | or tab (default: detected)')
    .addOption(new Option('--decimal <mark>', 'decimal mark of a CSV (default: detected)').choices(['.', ',']))
    .addOption(
      new Option('--dates <order>', 'order of day, month and year in dates such as 31.12.2024').choices(DATE_ORDERS),
    );
}

async function train(file: string, options: TrainOptions): Promise<void> {
  const { out, url, key, json } = options;
  if (out !== undefined && (url !== undefined || options.store !== undefined || options.name !== undefined)) {
    throw new UsageError('--out writes a directory of its own: leave out --store, --name and --url');
  }
  if (out !== undefined) requireFree(out);
  const trained = url
    ? await trainOnService(file, options, new ServiceClient(url, key))
    : out
      ? await trainToDirectory(file, options, settings(options))
      : await trainAudited(file, options);
  if (trained.gate?.decision === 'refused') process.exitCode = EXIT.failure;
  print(json, trained, () => describe(trained));
}

/** Trains in a store, which is a change of it. */
function trainAudited(file: string, options: TrainOptions): Promise<TrainedVersion> {
  const config = settings(options);
  const event = { action: 'train', target: null } as const;
  const work = () => trainInStore(file, options, config);
  return auditChange(config.AUDIT_LOG, event, 'nothing is trained', work, ({ model_version }) => model_version);
}

function describe({
  where,
  model_version,
  rows,
  dropped,
  epochs,
  seconds,
  metrics,
  baselines,
  gate,
  serves,
}: TrainedVersion): string {
  const ridge = baselines?.ridge?.targets ?? {};
  const errors = Object.entries(metrics?.targets ?? {}).map(([name, { rmse, mae, r2, baseline_rmse }]) => [
    ...[name, figure(rmse), figure(mae), figure(r2), figure(baseline_rmse), figure(ridge[name]?.rmse)],
  ]);
  const head = ['target', 'RMSE', 'MAE', 'R2', 'RMSE of the mean', 'RMSE of ridge regression'];
  const table = textTable(head, errors, [1, 2, 3, 4, 5]);
  const version = model_version === null ? '' : `version ${model_version}, `;
  const left = dropped > 0 ? `, ${dropped} without a target left out` : '';
  const verdict =
    gate?.decision === 'refused'
      ? `refused by the gate, it does not serve: ${gate.reason}`
      : serves
        ? 'it is in production'
        : model_version === null
          ? `predict with it: reconstruction-regressor predict FILE --model ${where}`
          : 'it is a candidate; `activate` puts it into production';
  const unavailable = baselines?.ridge_unavailable ? `no ridge regression: ${baselines.ridge_unavailable}\n` : '';
  const warnings = (gate?.warnings ?? []).map((warning) => `warning: ${warning}\n`).join('');
  return `${version}${where}: ${rows} rows${left}, ${epochs} epochs, ${seconds.toFixed(1)} s\n\n${table}${unavailable}\n${verdict}\n${warnings}`;
}
