import { existsSync, statSync } from 'node:fs';
import { Command, Option } from 'commander';
import { predictAll } from '../../model/network/predictor.js';
import { rowModelOf } from '../../model/tables/row-model.js';
import { bounderOf, intervalOption } from '../source/interval-option.js';
import { allowsMissing, type MissingOptions, onMissingOption } from '../source/missing-options.js';
import { type ModelOptions, withModelOptions } from '../source/model-options.js';
import { openModel } from '../source/model-source.js';
import { finiteRows } from '../tables/finite-rows.js';
import { openTable } from '../tables/open-table.js';
import { FORMATS, type Format, predictionFormat, predictionWriter } from '../tables/prediction-writer.js';
import { Rejects } from '../tables/rejects.js';
import type { RowBlock } from '../tables/row-blocks.js';
import { openDestination } from '../terminal/destination.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT, UsageError } from '../terminal/exit-codes.js';
import { printSummary } from '../terminal/print.js';
import { openProgress } from '../terminal/progress.js';

interface PredictOptions extends ModelOptions, MissingOptions {
  readonly out?: string;
  readonly rejects?: string;
  readonly format?: Format;
  readonly interval?: number;
  readonly json?: boolean;
}

export function predictCommand(): Command {
  const command = withModelOptions(
    new Command('predict')
      .description('predict every row of a table, of any size: CSV (also .gz), Parquet or Arrow')
      .argument('<file>', 'the table; - is standard input')
      .option('-o, --out <file>', 'where the predictions go (default: standard output)')
      .addOption(
        new Option(
          '--format <format>',
          'of the predictions; by default, what the extension of --out says, or csv',
        ).choices(FORMATS),
      )
      .addOption(intervalOption())
      .option(
        '--rejects <file>',
        'CSV for rows that cannot be predicted: row, line, reason. Adds a column "row" to the predictions. Exits with 1 if it is all rows',
      )
      .addOption(onMissingOption()),
  ).action(predict);
  withJson(command, 'print a summary as JSON: to standard output, or to standard error if the predictions go there');
  return withExamples(command, [
    ['predict houses.csv --out prices.csv', 'predict with the version in production'],
    ['predict houses.csv --interval 0.9', 'with the bounds that nine of ten true values lie in'],
    ['predict big.parquet --out prices.parquet --rejects bad.csv', 'go on past rows that cannot be predicted'],
    [
      'predict houses.csv --model model.tar.gz --format arrows | your-program',
      'use an archive, and pass an Arrow stream on',
    ],
  ]);
}

async function predict(file: string, options: PredictOptions): Promise<void> {
  const { out, rejects: rejectsPath, json, interval } = options;
  const format = predictionFormat(options.format, out);
  requireDistinct(file, out, rejectsPath);
  const started = performance.now();
  using model = await openModel(options);
  const bound = bounderOf(model, interval);
  using table = await openTable(file);
  using rejects = new Rejects(rejectsPath);
  using destination = openDestination(out);
  const { card, predictor, label, version } = model;
  const modelVersion = version === null ? label : String(version);
  const columns = { targets: card.targets, withRow: rejectsPath !== undefined, modelVersion, interval };
  const writer = predictionWriter(format, columns, destination);
  const isOutput = out === undefined || out === '-';
  const progress = openProgress('predicting', isOutput);
  const allowMissing = allowsMissing(options);
  const rowModel = rowModelOf(card, { maxRows: Number.MAX_SAFE_INTEGER, allowMissing });
  let predicted = 0;
  const onBlock = async ({ rows, count, numbers }: RowBlock) => {
    const made = predictAll(predictor, rows, count);
    const kept = finiteRows({ count, numbers, ...made, bounds: bound(made, count) }, card.targets, (refused) =>
      rejects.add(refused),
    );
    predicted += kept.count;
    progress.update(table.share, `${predicted} rows`);
    await writer.write(kept);
  };
  try {
    await table.read(rowModel, { onBlock, onRefused: (row) => rejects.add(row) });
    await writer.end();
    await destination.commit();
    await rejects.commit();
  } finally {
    progress.end();
  }
  // A file of which nothing can be predicted is the wrong one; `--rejects` says why.
  if (predicted === 0 && rejects.count > 0) process.exitCode = EXIT.failure;
  const seconds = (performance.now() - started) / 1000;
  const summary = {
    ...{ model: label, model_version: version, rows: predicted + rejects.count, predicted, rejected: rejects.count },
    ...{ seconds: Number(seconds.toFixed(3)), rows_per_second: Math.round(predicted / seconds) },
    ...{ out: isOutput ? null : out, rejects: rejectsPath ?? null },
  };
  printSummary(json, isOutput, summary, () => {
    const rejected = rejects.count > 0 ? `, ${rejects.count} rejected (${rejectsPath})` : '';
    return `${predicted} rows predicted${rejected} with ${label} in ${seconds.toFixed(1)} s`;
  });
}

/** Throws a `UsageError` if two of the files are the same. */
function requireDistinct(...paths: readonly (string | undefined)[]): void {
  const [input, out, rejects] = paths;
  const isSame = (a: string | undefined, b: string | undefined) => {
    if (a === undefined || b === undefined || a === '-' || b === '-') return false;
    if (a === b) return true;
    if (!existsSync(a) || !existsSync(b)) return false;
    const [first, second] = [statSync(a), statSync(b)];
    return first.isFile() && first.dev === second.dev && first.ino === second.ino;
  };
  if (isSame(input, out)) throw new UsageError('--out: this is the file that is read; name another one');
  if (isSame(input, rejects)) throw new UsageError('--rejects: this is the file that is read; name another one');
  if (isSame(out, rejects)) throw new UsageError('--rejects: this is the file of --out; name another one');
  if (rejects === '-' && (out === undefined || out === '-')) {
    throw new UsageError('--rejects -: the predictions go to standard output; name a file with --out or --rejects');
  }
}
