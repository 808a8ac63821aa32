import { Command } from 'commander';
import { checkVersion, type VersionCheck } from '../drift-self-check/check-version.js';
import { MAX_WINDOWS } from '../drift-self-check/self-check.js';
import { type ModelOptions, withModelOptions } from '../source/model-options.js';
import { openModel } from '../source/model-source.js';
import { settings } from '../source/settings.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT } from '../terminal/exit-codes.js';
import { print } from '../terminal/print.js';
import { textTable } from '../terminal/text-table.js';

interface SelfCheckOptions extends ModelOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export function selfCheckCommand(): Command {
  const command = withModelOptions(
    new Command('self-check')
      .description(
        "measure a version's drift monitor before it is deployed: false alarms, and how fast it finds shifts; takes a minute, and exits with 1 if false alarms are too frequent",
      )
      .option(
        '--data <file>',
        'CSV that the version was trained on, whose held-out rows are drawn from (default: TRAIN_DATA)',
      ),
  ).action(check);
  withJson(command);
  return withExamples(command, [['self-check --data houses.csv', 'the version in production, on its own table']]);
}

async function check(options: SelfCheckOptions): Promise<void> {
  const config = settings(options);
  using model = await openModel(options);
  const { DRIFT_ROWS_BETWEEN_FALSE_ALARMS: rowsBetweenFalseAlarms, DRIFT_WINDOW_ROWS: windowRows } = config;
  const terms = { data: options.data ?? config.TRAIN_DATA, rowsBetweenFalseAlarms, windowRows };
  const checked = await checkVersion(model, terms);
  if (checked.tooMany) process.exitCode = EXIT.failure;
  const result = { model: model.label, model_version: model.version, ...terms, ...checked };
  // JSON has no infinity.
  const finite = (_: string, value: unknown) => (value === Number.POSITIVE_INFINITY ? null : value);
  print(options.json, JSON.parse(JSON.stringify(result, finite)), () => describe(result));
}

function describe(
  result: VersionCheck & { model: string; rowsBetweenFalseAlarms: number; windowRows: number },
): string {
  const { model, baselineRows, source, falseAlarms, shifts, tooMany, rowsBetweenFalseAlarms, windowRows } = result;
  const { rows, alarms, expected, low, high } = falseAlarms;
  const rate = tooMany
    ? 'MORE FREQUENT than configured'
    : high < expected
      ? 'less frequent than configured'
      : 'consistent with it';
  const lines = shifts.map(({ name, detected, delay }) => [
    ...[name, `${(100 * detected).toFixed(0)} %`],
    delay === Number.POSITIVE_INFINITY ? `more than ${MAX_WINDOWS * windowRows}` : String(delay),
  ]);
  const head = ['shift', `windows of ${windowRows} rows with an alarm`, 'median rows to the alarm'];
  return `${model}, baseline of ${baselineRows} rows
rows: ${source}

false alarms in ${rows} rows: ${alarms}, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}
expected at one in ${rowsBetweenFalseAlarms} rows: ${expected.toFixed(1)}; the measured rate is ${rate}

${textTable(head, lines, [1, 2])}`;
}
