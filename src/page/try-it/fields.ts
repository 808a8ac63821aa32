import { valueOfCode } from '../../model/columns/coding.js';
import type { Column } from '../../model/columns/column.js';
import { numberInCell } from '../../model/tables/csv/number-cell.js';
import type { Drift, Model } from '../client/api.js';

/** A value of a row, null where it is missing. */
export type Value = number | string | boolean | null;

/** How a value is entered, and what its field says at first. */
export interface Field {
  readonly name: string;
  readonly kind: 'number' | 'choice' | 'check' | 'date' | 'datetime-local';
  readonly typical: string;
  /** The texts to choose from. An empty text stands for a missing value. */
  readonly choices?: readonly string[];
  /** Seconds between two times. */
  readonly step?: number;
  /** Returns the value that the field's text stands for; undefined if it is none. */
  readonly read: (text: string) => Value | undefined;
}

/** The fields of a form for one row. The typical values are the means of numbers, and the most frequent levels. */
export function fieldsOf(model: Model, drift: Drift | null): Field[] {
  const edges = new Map(drift?.windows[0]?.columns.map((column) => [column.name, column.edges]));
  return model.features.map((name, i) => {
    const mean = model.scalers.features.mean[i]!;
    const column = model.columns?.[i];
    if (column && column.type !== 'number') return typedField(column, mean);
    // As integers where the bins of the baseline end at integers.
    const whole = edges.get(name)?.every(Number.isInteger) ?? false;
    const typical = String(whole ? Math.round(mean) : Number(mean.toPrecision(3)));
    return { name, kind: 'number', typical, read: readNumber };
  });
}

function typedField(column: Exclude<Column, { type: 'number' }>, mean: number): Field {
  const { name, missing } = column;
  const typical = String(valueOfCode(column, Math.round(mean)) ?? '');
  const gap = missing > 0 ? [''] : [];
  switch (column.type) {
    case 'category':
      return { name, kind: 'choice', typical, choices: [...column.levels, ...gap], read: readText };
    case 'boolean': {
      const read = (text: string) => (text === '' ? null : text === 'true');
      if (missing === 0) return { name, kind: 'check', typical, read };
      return { name, kind: 'choice', typical, choices: ['false', 'true', ''], read };
    }
    case 'timestamp': {
      if (column.unit === 'day') return { name, kind: 'date', typical, read: readText };
      // The browser's field has no time zone, and the service takes a time without one as UTC.
      const local = typical.replace(/(:00)?Z$/, '');
      return { name, kind: 'datetime-local', typical: local, step: column.unit === 'minute' ? 60 : 1, read: readText };
    }
  }
}

function readText(text: string): Value {
  return text === '' ? null : text;
}

function readNumber(text: string): Value | undefined {
  if (text.trim() === '') return null;
  const number = numberInCell(text);
  return Number.isFinite(Math.fround(number)) ? number : undefined;
}
