import { type Html, html } from '../../../base/html/html.js';
import { counted, figure, percent } from '../../../base/text/figures.js';
import { UNIT_MS } from '../../columns/coding.js';
import type { EncodedColumn } from '../../columns/encoding/encoding.js';
import type { Card } from '../../versions/card.js';
import { type Cell, facts, firstOf, name, section, table, written } from '../parts.js';
import type { ReportInput } from '../report-input.js';

/** Maximum number of columns to list. */
const MAX_COLUMNS = 100;

/** The rows that the model was fitted to. */
export function trainingData(input: ReportInput): Html {
  const { card } = input;
  const { data } = card;
  return section(
    'training-data',
    'Training data',
    facts([
      ['Rows of the table that were used', figure(data.rows)],
      ['Rows that the model was fitted to', figure(data.training_rows)],
      ['Rows held out', figure(data.validation_rows)],
      ['Rows dropped', `${figure(data.dropped)}${data.dropped > 0 ? ', for want of a target' : ''}`],
    ]),
    columnTable(card),
    targetTable(card),
    written(input, 'data'),
  );
}

/** The rows that the errors were measured on. */
export function evaluationData({ card: { data, training } }: ReportInput): Html {
  return section(
    'evaluation-data',
    'Evaluation data',
    html`<p>All errors below were measured on ${counted(data.validation_rows, 'held-out row')}, ${percent(training.validation_split)} of
the table, to which the model was not fitted. A hash of a row's content decides whether it is held out, so equal rows are never on both
sides, and a row that recurs in a later training is held out again. The held-out rows also chose the epoch at which training
stopped, so the errors are slightly optimistic.</p>
`,
  );
}

function columnTable({ features, columns, scalers, data: { missing, rows, dropped } }: Card): Html {
  const { shown, more } = firstOf(features, MAX_COLUMNS);
  const lines = shown.map((feature, j): Cell[] => {
    const column = columns?.[j];
    const gaps = Object.hasOwn(missing, feature) ? missing[feature]! : null;
    const { mean, scale, range } = scalers.features;
    return [
      name(feature),
      column?.type ?? 'number',
      column ? valuesOf(column) : range ? between(range[j]!) : `mean ${figure(mean[j])}, SD ${figure(scale[j])}`,
      column ? encodingOf(column) : 'standardised',
      gaps === null ? '–' : gaps === 0 ? '0' : `${figure(gaps)} (${percent(gaps / Math.max(1, rows + dropped))})`,
    ];
  });
  const caption = `Columns that the model reads: ${counted(features.length, 'column')}`;
  return html`${table(caption, ['Column', 'Type', 'Values in the training', 'Given to the network as', 'Missing'], lines, [4])}${more}`;
}

function targetTable({ targets, scalers, target_transforms: transforms }: Card): Html {
  const { shown, more } = firstOf(targets, MAX_COLUMNS);
  const lines = shown.map((target, j): Cell[] => [
    name(target),
    figure(scalers.targets.mean[j]),
    figure(scalers.targets.scale[j]),
    transforms?.[j]?.method === 'log1p' ? 'log(1 + value)' : 'as it is',
  ]);
  return html`${table('Targets, in the training rows', ['Target', 'Mean', 'Standard deviation', 'Learned'], lines, [1, 2])}${more}`;
}

function valuesOf(column: EncodedColumn): Html | string {
  switch (column.type) {
    case 'category':
      return counted(column.levels.length, 'level');
    case 'boolean':
      return html`${name(column.labels[0], 20)} or ${name(column.labels[1], 20)}`;
    case 'timestamp': {
      const [from, to] = column.range.map((code) => dateOf(column.origin + code * UNIT_MS[column.unit]));
      return `${from} to ${to}`;
    }
    default:
      return between(column.range);
  }
}

function between([low, high]: readonly [number, number]): string {
  return `${figure(low)} to ${figure(high)}`;
}

function dateOf(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '–' : date.toISOString().slice(0, 10);
}

const ENCODINGS = {
  standard: 'standardised',
  power: 'standardised, and a power transform',
  one_hot: 'an input for each level',
  target: 'mean target and frequency of its level',
  calendar: 'trend and cycles',
} as const;

function encodingOf({ encoding }: EncodedColumn): string {
  return ENCODINGS[encoding.method];
}
