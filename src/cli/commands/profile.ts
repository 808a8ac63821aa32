import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { UNLIMITED } from '../../model/tables/table-limits.js';
import { type TableReport, tableReport } from '../../server/routes/training/table-report.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT } from '../terminal/exit-codes.js';
import { onInterruption, removeAtExit } from '../terminal/interruption.js';
import { print } from '../terminal/print.js';
import { printable, textTable } from '../terminal/text-table.js';
import { readTrainingTable } from './train/table-input.js';
import { choicesOf, type TableOptions, targetsOf } from './train/train-options.js';
import { withTableOptions } from './train.js';

interface ProfileOptions extends TableOptions {
  readonly target?: string;
  readonly json?: boolean;
}

export function profileCommand(): Command {
  const command = withTableOptions(
    new Command('profile')
      .description('report what a training would make of each column of a table; exits with 1 if it would be refused')
      .argument('<file>', 'the table; - is standard input')
      .option('--target <column>', 'what would be predicted; several columns are separated by commas'),
  ).action(profile);
  withJson(command);
  return withExamples(command, [
    ['profile houses.csv', 'the types that are found, and what is left out'],
    ['profile houses.csv --target price --types zip:category', 'as a training with these options would read it'],
  ]);
}

async function profile(file: string, options: ProfileOptions): Promise<void> {
  const targets = options.target === undefined ? [] : targetsOf({ target: options.target });
  const choices = choicesOf(options);
  const directory = mkdtempSync(join(tmpdir(), 'reconstruction-regressor-'));
  removeAtExit(directory);
  const stopping = new AbortController();
  onInterruption(async () => stopping.abort());
  const request = { directory: join(directory, 'table'), targets, model: null, replace: false, choices };
  const table = await readTrainingTable(file, { ...request, isReport: true, limits: UNLIMITED }, stopping.signal);
  const report = tableReport(table);
  if (report.problems.length > 0) process.exitCode = EXIT.failure;
  print(options.json, report, () => describe(report));
}

function describe({ rows, dropped, columns, notices, problems }: TableReport): string {
  const lines = columns.map(({ name, role, type, missing, reason, warnings, range, level_count, labels }) => [
    ...[name, role.replace('_', ' '), type ?? '-', missing > 0 ? String(missing) : ''],
    range
      ? `${range[0]} to ${range[1]}`
      : level_count !== undefined
        ? `${level_count} levels`
        : (labels?.join(', ') ?? ''),
    [...(role === 'feature' || role === 'target' ? [] : [reason]), ...warnings].join('; '),
  ]);
  const left = dropped > 0 ? `, ${dropped} without a target` : '';
  const remarks = [
    ...notices.map((text) => `note: ${printable(text)}\n`),
    ...problems.map((text) => `problem: ${printable(text)}\n`),
  ].join('');
  const table = textTable(['column', 'role', 'type', 'missing', 'values', 'remarks'], lines, [3]);
  return `${rows} rows${left}\n\n${table}${remarks && `\n${remarks}`}`;
}
