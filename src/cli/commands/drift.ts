import { Command } from 'commander';
import { pino } from 'pino';
import { DomainError } from '../../base/domain-error.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { rowModelOf } from '../../model/tables/row-model.js';
import { newestBaseline } from '../../server/service/drift/stored-baseline.js';
import { type ModelOptions, wholeNumber, withModelOptions } from '../source/model-options.js';
import { type OpenModel, openModel } from '../source/model-source.js';
import { settings } from '../source/settings.js';
import { openTable } from '../tables/open-table.js';
import { writeWhole } from '../terminal/destination.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT, UsageError } from '../terminal/exit-codes.js';
import { print, remark } from '../terminal/print.js';
import { openProgress } from '../terminal/progress.js';
import { driftText } from './drift/drift-text.js';
import { FileMonitor } from './drift/file-monitor.js';
import { htmlReport } from './drift/html-report.js';

interface DriftOptions extends ModelOptions {
  readonly report?: string;
  readonly windowRows?: number;
  readonly json?: boolean;
}

export function driftCommand(): Command {
  const command = withModelOptions(
    new Command('drift')
      .description("compare a table with the rows that a version's training held out; exits with 3 if it has drifted")
      .argument('<file>', 'the table, without or with its targets; - is standard input')
      .option('--report <file>', 'write a report as a web page')
      .option(
        '--window-rows <number>',
        'rows of a window that is tested (default: DRIFT_WINDOW_ROWS, or 500)',
        wholeNumber(50),
      ),
  ).action(drift);
  withJson(command);
  return withExamples(command, [
    ['drift today.parquet', 'compare with the version in production'],
    ['drift today.csv --report drift.html || test $? -eq 3', 'in a pipeline: 3 is drift, 1 is a failure'],
  ]);
}

async function drift(file: string, options: DriftOptions): Promise<void> {
  const { report, json } = options;
  if (report === '-') throw new UsageError('--report -: the verdict goes to standard output; name a file');
  using model = await openModel(options);
  using table = await openTable(file);
  const { card, predictor } = model;
  const windowRows = options.windowRows ?? settings(options).DRIFT_WINDOW_ROWS;
  const monitor = new FileMonitor(await baselineOf(model), predictor, windowRows);
  const progress = openProgress('comparing');
  try {
    // A missing value is evidence, whatever a prediction would make of it.
    const rowModel = rowModelOf(card, { maxRows: Number.MAX_SAFE_INTEGER, allowMissing: true });
    await table.read(rowModel, {
      onBlock: (block) => {
        monitor.add(block, table.total, table.share);
        progress.update(table.share, `${monitor.rows} rows`);
      },
      onRefused: ({ reason }) => monitor.refuse(reason),
    });
  } finally {
    progress.end();
  }
  const result = { ...monitor.result(), model: model.label, model_version: model.version, file };
  if (report !== undefined) await writeWhole(report, htmlReport(result));
  if (result.verdict === 'drift') process.exitCode = EXIT.drift;
  print(json, result, () => driftText(result));
  if (report !== undefined) remark(`report: ${report}`);
}

/** The baseline that the service compares with: one made from traffic, if there is one in the store. Throws `DRIFT_OFF`. */
async function baselineOf({ files, card, version, store, label }: OpenModel): Promise<Baseline> {
  const json = files.get('baseline.json');
  if (!json) {
    const { validation_rows: rows } = card.data;
    throw new DomainError(
      'DRIFT_OFF',
      `${label} has no baseline to compare with: its training held out only ${rows} rows`,
    );
  }
  const text = Buffer.from(json).toString();
  if (store && version !== null) {
    return (await newestBaseline(store, version, card, text, pino({ level: 'silent' }))).baseline;
  }
  const { readBaselineOf } = await import('../../model/versions/version-baseline.js');
  return readBaselineOf(card, text);
}
