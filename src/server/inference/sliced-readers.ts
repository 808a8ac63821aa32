import { RowParser } from '../../base/json/row-parser.js';
import type { TimeSlice } from '../../base/node/time-slice.js';
import { readCsvRows } from '../../model/tables/csv/csv-rows.js';
import { isNumeric } from '../../model/tables/row-model.js';
import type { Rows } from '../../model/tables/rows.js';
import type { CsvReaderOptions } from '../readers/csv-request.js';
import { readFloatRows } from '../readers/float32-request.js';
import {
  hasShortHeader,
  type OpenInferenceReaderOptions,
  readOpenInferenceRequest,
} from '../readers/open-inference-request.js';
import type { RowModel } from '../readers/row-list.js';

/** Numbers parsed before the reader checks its time slice. */
const NUMBERS_PER_CHUNK = 4096;

/**
 * Readers of large bodies that work on the event loop without blocking it: they read in time slices, or are as fast as a
 * copy of the bytes. They return undefined for a body that must be read in the thread, and otherwise rows that no later
 * request overwrites.
 */
export const SLICED_READERS = {
  floats: async (body: Buffer, model: RowModel) => readFloatRows(body, model),
  openInference: async (body: Buffer, model: RowModel, options: OpenInferenceReaderOptions) =>
    hasShortHeader(options.headerLength) && isNumeric(model)
      ? readOpenInferenceRequest(body, model, options)
      : undefined,
  predict: readRowsByPosition,
  predictArrow: async (body: Buffer, model: RowModel, _options: undefined, slice: TimeSlice) => {
    const { readArrowRows } = await import('../../model/tables/arrow/arrow-rows.js');
    return readArrowRows(body, model, slice);
  },
  predictParquet: async (body: Buffer, model: RowModel) => {
    const { readParquetInChild } = await import('../../model/tables/reader/row-reader.js');
    return readParquetInChild(body, model);
  },
  predictCsv: (body: Buffer, model: RowModel, options?: CsvReaderOptions) => readCsvRows(body, model, options?.charset),
};

/** Named rows, rows with other values than numbers, and errors are left to the thread: only JSON.parse can read those. */
async function readRowsByPosition(
  body: Buffer,
  model: RowModel,
  _options: undefined,
  slice: TimeSlice,
): Promise<Rows | undefined> {
  if (!isNumeric(model)) return undefined;
  const { features, maxRows } = model;
  const parser = new RowParser();
  const rowsPerChunk = Math.max(1, Math.floor(NUMBERS_PER_CHUNK / features.length));
  const reading = parser.parseInParts(body, features.length, rowsPerChunk, maxRows);
  let step = reading.next();
  for (; !step.done; step = reading.next()) await slice.yieldIfOver();
  const count = step.value;
  return count > 0 ? { rows: parser.rows, count } : undefined;
}
