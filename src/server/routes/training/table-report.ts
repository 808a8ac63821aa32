import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import { valueOfCode } from '../../../model/columns/coding.js';
import type { Column } from '../../../model/columns/column.js';
import type { TableInfo } from '../../../model/tables/table-file.js';

/** Levels of a category that a report lists: the most frequent ones. */
const MAX_LISTED = 20;

const End = Type.Union([Type.Number(), Type.String()]);

const ColumnReport = Type.Object(
  {
    name: Type.String(),
    role: Type.Enum(['feature', 'target', 'left_out', 'refused']),
    type: nullable(Type.Enum(['number', 'category', 'boolean', 'timestamp']), {
      description: 'what its values are; null for a column that is left out or refused',
    }),
    reason: Type.String({ description: 'why it has this type, or why it is left out or refused' }),
    missing: Type.Integer({ description: 'rows without a value' }),
    range: Type.Optional(Type.Array(End, { minItems: 2, maxItems: 2, description: 'smallest and largest value' })),
    level_count: Type.Optional(Type.Integer({ description: 'levels of a category' })),
    levels: Type.Optional(
      Type.Array(Type.Object({ value: Type.String(), rows: Type.Integer() }), {
        description: `levels of a category, the first ${MAX_LISTED}, and the rows with each`,
      }),
    ),
    labels: Type.Optional(Type.Array(Type.String(), { description: 'as the table writes false and true' })),
    treatment: Type.String({ description: 'what a training does with it' }),
    warnings: Type.Array(Type.String()),
  },
  { 'x-schema': 'TableColumn' },
);
type ColumnReport = Static<typeof ColumnReport>;

/** What a training would read of a table, and make of each column. */
export const TableReport = Type.Object(
  {
    rows: Type.Integer({ description: 'rows to train on' }),
    dropped: Type.Integer({ description: 'rows without a target' }),
    columns: Type.Array(ColumnReport, { description: 'features, targets, and columns that are left out or refused' }),
    notices: Type.Array(Type.String(), { description: 'how the table was read, and what was passed over' }),
    problems: Type.Array(Type.String(), { description: 'what a training of this table would be refused for' }),
  },
  { 'x-schema': 'TableReport' },
);
export type TableReport = Static<typeof TableReport>;

/** Reports on a table that has been read. */
export function tableReport(table: TableInfo): TableReport {
  const { rows, dropped, notices, problems } = table;
  const features = table.columns.map((column) => featureReport(column, table));
  const targets = table.targets.map(
    (name): ColumnReport => ({
      name,
      role: 'target',
      type: 'number',
      reason: table.reasons[name] ?? '',
      missing: table.missing[name] ?? 0,
      treatment: 'it is predicted; rows without it are left out',
      warnings: [...(table.warnings[name] ?? [])],
    }),
  );
  const leftOut = table.left_out.map(
    ({ name, reason }): ColumnReport => ({
      name,
      role: 'left_out',
      type: null,
      reason,
      missing: 0,
      treatment: 'it is left out; `features` brings it back',
      warnings: [],
    }),
  );
  const refused = table.refused.map(
    ({ name, reason }): ColumnReport => ({
      name,
      role: 'refused',
      type: null,
      reason,
      missing: 0,
      treatment: 'a training is refused; `types` says what it is, `drop` leaves it out',
      warnings: [],
    }),
  );
  return {
    rows,
    dropped,
    columns: [...features, ...targets, ...leftOut, ...refused],
    notices: [...notices],
    problems: [...problems],
  };
}

function featureReport(column: Column, { missing, reasons, warnings }: TableInfo): ColumnReport {
  const { name, type } = column;
  const gaps = missing[name] ?? 0;
  return {
    name,
    role: 'feature',
    type,
    reason: reasons[name] ?? '',
    missing: gaps,
    ...contentOf(column),
    treatment: `${TREATMENTS[type]}${gaps > 0 ? '; a missing value is a value of its own' : ''}`,
    warnings: [...(warnings[name] ?? [])],
  };
}

const TREATMENTS: Readonly<Record<Column['type'], string>> = {
  number: 'it is standardised, after a transform if its tails are long',
  category: 'few levels have an input each; many have the mean target of each level, and how frequent it is',
  boolean: 'it is 0 or 1, standardised',
  timestamp: 'it is a trend, and the cycles of day, week and year that it spans',
};

function contentOf(column: Column): Partial<ColumnReport> {
  switch (column.type) {
    case 'number':
      // A float32 has no more digits.
      return { range: column.range.map((end) => Number(end.toPrecision(7))) };
    case 'category': {
      const { levels, counts } = column;
      const listed = levels.slice(0, MAX_LISTED).map((value, i) => ({ value, rows: counts[i] ?? 0 }));
      return { level_count: levels.length, levels: listed };
    }
    case 'boolean':
      return { labels: [...column.labels] };
    case 'timestamp':
      return { range: column.range.map((code) => valueOfCode(column, code) as string) };
  }
}
