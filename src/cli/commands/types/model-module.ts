import type { Column } from '../../../model/columns/column.js';
import { exampleValue } from '../../../model/columns/value-schema.js';

/** What a module describes of a version. */
export interface DescribedModel {
  /** For people, such as `version 3 of models/cars`. */
  readonly label: string;
  readonly features: readonly string[];
  readonly targets: readonly string[];
  /** None if all features are numbers without gaps. */
  readonly columns?: readonly Column[] | undefined;
}

/** Levels of a category that a type lists. With more, it is any text. */
const MAX_LISTED = 50;

/** Writes a TypeScript module with the columns of a version, for the client of `reconstruction-regressor/client`. */
export function modelModule({ label, features, targets, columns }: DescribedModel): string {
  const fields = features.map((feature, j) => field(feature, columns?.[j]));
  const known = { features, targets };
  return `// The columns of ${comment(label)}, written by \`reconstruction-regressor types\`: run it again after a training on others.
import { defineModel } from 'reconstruction-regressor/client';

/** A row. Features that may be missing are optional. */
export interface Row {
${fields.join('')}}

export const model = defineModel<Row>()(${JSON.stringify(known, null, 2)});
`;
}

function field(feature: string, column: Column | undefined): string {
  const isOptional = column !== undefined && column.missing > 0;
  const note = noteOf(column);
  const type = typeOf(column);
  return [
    note ? `  /** ${comment(note)} */\n` : '',
    `  readonly ${propertyName(feature)}${isOptional ? '?' : ''}: ${type}${isOptional ? ' | null' : ''};\n`,
  ].join('');
}

function typeOf(column: Column | undefined): string {
  switch (column?.type) {
    case 'boolean':
      return 'boolean';
    case 'timestamp':
      return 'string';
    case 'category': {
      const { levels } = column;
      if (levels.length > MAX_LISTED) return 'string';
      // Editors complete the levels of the training, and any other is accepted.
      return `${levels.map((level) => JSON.stringify(level)).join(' | ')} | (string & {})`;
    }
    default:
      return 'number';
  }
}

function noteOf(column: Column | undefined): string {
  switch (column?.type) {
    case 'number':
      return `${column.range.map((end) => Number(end.toPrecision(7))).join(' to ')} in the training`;
    case 'timestamp':
      return `ISO 8601, such as ${exampleValue(column)}`;
    case 'category':
      return column.levels.length > MAX_LISTED ? `${column.levels.length} levels, such as ${column.levels[0]}` : '';
    default:
      return '';
  }
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** A text that ends no comment and no line. */
function comment(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('*/', '* /');
}
