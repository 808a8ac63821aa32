import type { ColumnType } from './column.js';

/** The datatype of the Open Inference Protocol for the values of a column. */
export const DATATYPES: Readonly<Record<ColumnType, 'FP32' | 'BYTES' | 'BOOL'>> = {
  number: 'FP32',
  category: 'BYTES',
  boolean: 'BOOL',
  timestamp: 'BYTES',
};
