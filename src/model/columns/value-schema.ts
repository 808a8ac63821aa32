import { valueOfCode } from './coding.js';
import type { Column } from './column.js';

/** Levels of an enumeration. More are only exemplified. */
const MAX_ENUMERATED = 100;
const MAX_EXAMPLES = 10;

/** Returns the JSON Schema (2020-12) of a column's values, with an example. */
export function valueSchema(column: Column): Record<string, unknown> {
  const isNullable = column.missing > 0;
  const typed = (type: string) => ({ title: column.name, type: isNullable ? [type, 'null'] : type });
  const examples = [exampleValue(column)];
  switch (column.type) {
    case 'number':
      return { ...typed('number'), examples };
    case 'category': {
      const { levels } = column;
      if (levels.length > MAX_ENUMERATED) return { ...typed('string'), examples: levels.slice(0, MAX_EXAMPLES) };
      const description = 'a value of the training; others are answered as new ones';
      return { ...typed('string'), enum: [...levels, ...(isNullable ? [null] : [])], examples, description };
    }
    case 'boolean':
      return { ...typed('boolean'), examples };
    case 'timestamp':
      return { ...typed('string'), format: column.unit === 'day' ? 'date' : 'date-time', examples };
  }
}

/** Returns a value that the training had, or the middle of those that it had. */
export function exampleValue(column: Column): number | string | boolean {
  switch (column.type) {
    case 'number':
      return Number(((column.range[0] + column.range[1]) / 2).toPrecision(3));
    case 'category':
      return column.levels[0]!;
    case 'boolean':
      return true;
    case 'timestamp':
      return valueOfCode(column, Math.round((column.range[0] + column.range[1]) / 2)) as string;
  }
}
