import { Command } from 'commander';
import type { Metrics } from '../../model/versions/metrics.js';
import { allowsMissing, type MissingOptions, onMissingOption } from '../source/missing-options.js';
import { type ModelOptions, withModelOptions } from '../source/model-options.js';
import { openModel } from '../source/model-source.js';
import { openTable } from '../tables/open-table.js';
import { Rejects } from '../tables/rejects.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { print } from '../terminal/print.js';
import { openProgress } from '../terminal/progress.js';
import { figure, textTable } from '../terminal/text-table.js';
import { type EvaluatedIntervals, Evaluation, labelledModel } from './evaluate/evaluation.js';

interface EvaluateOptions extends ModelOptions, MissingOptions {
  readonly rejects?: string;
  readonly json?: boolean;
}

export function evaluateCommand(): Command {
  const command = withModelOptions(
    new Command('evaluate')
      .description('measure the errors of a version on a table with its targets')
      .argument('<file>', 'the table; - is standard input')
      .option('--rejects <file>', 'CSV for rows that cannot be predicted: row, line, reason')
      .addOption(onMissingOption()),
  ).action(evaluate);
  withJson(command);
  return withExamples(command, [
    ['evaluate last-month.csv', 'the errors of the version in production'],
    ['evaluate last-month.csv --version 2 --json', 'those of another version, for a program'],
  ]);
}

async function evaluate(file: string, options: EvaluateOptions): Promise<void> {
  using model = await openModel(options);
  using table = await openTable(file);
  using rejects = new Rejects(options.rejects);
  const allowMissing = allowsMissing(options);
  const evaluation = new Evaluation(model);
  const progress = openProgress('evaluating');
  try {
    await table.read(labelledModel(model.card, allowMissing), {
      onBlock: (block) => {
        evaluation.add(block, (refused) => rejects.add(refused));
        progress.update(table.share, `${evaluation.rows} rows`);
      },
      onRefused: (row) => rejects.add(row),
    });
    await rejects.commit();
  } finally {
    progress.end();
  }
  const { unlabelled } = evaluation;
  const metrics = evaluation.metrics();
  const counts = { rows: metrics.rows, without_target: unlabelled, rejected: rejects.count };
  const result = {
    ...{ model: model.label, model_version: model.version, ...counts },
    ...{ metrics, intervals: evaluation.intervals(), trained: model.card.metrics },
  };
  print(options.json, result, () => describe(result));
}

/** The errors, beside those that the training measured on its held-out rows. */
function describe({
  model,
  rows,
  without_target,
  rejected,
  metrics,
  intervals,
  trained,
}: {
  readonly model: string;
  readonly rows: number;
  readonly without_target: number;
  readonly rejected: number;
  readonly metrics: Metrics;
  readonly intervals: EvaluatedIntervals | null;
  readonly trained: Metrics;
}): string {
  const lines = Object.entries(metrics.targets).map(([name, { rmse, mae, bias, r2, baseline_rmse }]) => [
    ...[name, figure(rmse), figure(mae), figure(bias), figure(r2), figure(baseline_rmse)],
    figure(trained.targets[name]?.rmse),
    ...(intervals ? [percent(intervals.targets[name]!.coverage), figure(intervals.targets[name]!.mean_width)] : []),
  ]);
  const left = [
    ...(without_target > 0 ? [`${without_target} without a target`] : []),
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
  ];
  const besides = left.length > 0 ? ` (${left.join(', ')})` : '';
  const head = ['target', 'RMSE', 'MAE', 'bias', 'R2', 'RMSE of the mean', 'RMSE in training'];
  if (intervals) head.push(`covered by intervals of ${percent(intervals.level)}`, 'their mean width');
  return `${rows} rows${besides}, ${model}\n\n${textTable(head, lines, [1, 2, 3, 4, 5, 6, 7, 8])}`;
}

function percent(share: number): string {
  return `${figure(100 * share)} %`;
}
