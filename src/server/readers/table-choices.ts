import { CsvError, parse } from 'csv-parse/sync';
import { type Static, Type } from 'typebox';
import { DomainError, show } from '../../base/domain-error.js';
import type { ColumnType } from '../../model/columns/column.js';
import { DATE_ORDERS } from '../../model/columns/times.js';
import type { TableChoices } from '../../model/tables/table-choices.js';

const TYPES = ['number', 'category', 'boolean', 'timestamp'] as const satisfies readonly ColumnType[];
const DELIMITERS = [',', ';', '\t', '|', 'tab'] as const;
const DECIMALS = ['.', ','] as const;

const Name = Type.String({ minLength: 1 });
const LIST = 'separated by commas; one that has a comma in double quotes, as in a CSV';

const dates = Type.Optional(
  Type.Enum([...DATE_ORDERS], {
    description: 'order of day, month and year in dates that are not written as in ISO 8601, such as 31.12.2024',
  }),
);

/** What a client may say of a table in the query. */
export const ChoicesQuery = {
  features: Type.Optional(
    Type.String({ minLength: 1, description: `the only columns to learn from, ${LIST}; none of them is left out` }),
  ),
  drop: Type.Optional(Type.String({ minLength: 1, description: `columns to leave out, ${LIST}` })),
  types: Type.Optional(
    Type.String({
      minLength: 1,
      description: `types of columns that are not to be decided by their values, such as \`zip:category,when:timestamp\`: ${TYPES.join(', ')}`,
    }),
  ),
  delimiter: Type.Optional(
    Type.Enum([...DELIMITERS], { description: 'separates the cells of a CSV; detected in its first rows by default' }),
  ),
  decimal: Type.Optional(
    Type.Enum([...DECIMALS], { description: 'decimal mark of a CSV; detected in its numbers by default' }),
  ),
  dates,
};

/** The same in a JSON body, which has no cells of text. */
export const ChoicesBody = {
  features: Type.Optional(
    Type.Array(Name, { minItems: 1, description: 'the only columns to learn from; none of them is left out' }),
  ),
  drop: Type.Optional(Type.Array(Name, { description: 'columns to leave out' })),
  types: Type.Optional(
    Type.Record(Type.String(), Type.Enum([...TYPES]), {
      description: 'types of columns, by name, that are not to be decided by their values',
    }),
  ),
  dates,
};

const Query = Type.Object(ChoicesQuery);
const Body = Type.Object(ChoicesBody);
/** Of the query, of the body, or of both. */
export type RequestedChoices = {
  readonly [K in keyof Static<typeof Query>]:
    | Static<typeof Query>[K]
    | (K extends keyof Static<typeof Body> ? Static<typeof Body>[K] : never);
};

/** Returns what a client says of a table. Throws `INVALID_REQUEST` for lists that cannot be read, and unknown types. */
export function tableChoices({ features, drop, types, delimiter, decimal, dates }: RequestedChoices): TableChoices {
  return {
    ...(features !== undefined && { features: namesIn(features, 'features') }),
    ...(drop !== undefined && { drop: namesIn(drop, 'drop') }),
    ...(types !== undefined && { types: typeof types === 'string' ? typesIn(types) : types }),
    ...(delimiter !== undefined && { delimiter: delimiter === 'tab' ? '\t' : delimiter }),
    ...(decimal !== undefined && { decimal }),
    ...(dates !== undefined && { dates }),
  };
}

/** Returns the names in a list, which is a line of CSV. Throws `INVALID_REQUEST`. `option` names it in the error. */
export function namesIn(list: string | readonly string[], option: string): readonly string[] {
  const names = typeof list === 'string' ? cellsOf(list, option) : list;
  const empty = names.indexOf('');
  if (empty >= 0) throw invalid(`${option}: name ${empty + 1} is empty`);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw invalid(`${option}: ${show(name)} is there twice`);
    seen.add(name);
  }
  return names;
}

/** Reads `zip:category,when:timestamp`. A name may have colons: the last one counts. */
function typesIn(list: string): Record<string, ColumnType> {
  const types = new Map<string, ColumnType>();
  for (const item of cellsOf(list, 'types')) {
    const at = item.lastIndexOf(':');
    const type = TYPES.find((known) => known === item.slice(at + 1).trim());
    const name = item.slice(0, Math.max(0, at)).trim();
    if (!type || name === '') {
      throw invalid(`types: expected <column>:<type> with a type of ${TYPES.join(', ')}, got ${show(item)}`);
    }
    if (types.has(name)) throw invalid(`types: ${show(name)} is there twice`);
    types.set(name, type);
  }
  return Object.fromEntries(types);
}

function cellsOf(line: string, option: string): string[] {
  try {
    const records: string[][] = parse(line, { trim: true, relax_quotes: true });
    if (records.length === 1) return records[0]!;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  throw invalid(`${option}: expected names separated by commas, got ${show(line)}`);
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_REQUEST', message);
}
