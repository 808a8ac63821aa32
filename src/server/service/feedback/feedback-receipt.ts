import { type Static, Type } from 'typebox';
import type { EarlierRequest } from '../../../model/feedback/labelled-batch.js';

/** Result of one request. */
export const FeedbackReceipt = Type.Object(
  {
    rows: Type.Integer({ description: 'rows that were stored durably' }),
    dropped: Type.Integer({ description: 'rows left out because of a missing or non-finite value' }),
    kept_rows: Type.Integer({ description: 'all stored rows of these columns' }),
    model_version: Type.String({ description: 'the version that is evaluated on them' }),
    results: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          status: Type.Enum(['stored', 'repeated', 'conflict', 'not_found', 'other_columns'], {
            description:
              'stored; repeated: the same targets were stored before, and count once; conflict: other targets were ' +
              'stored before, and remain; not_found: it was not stored, or is too old; other_columns: it waits for a ' +
              'model with its columns to serve again',
          }),
        }),
        { description: 'with `ids`: what became of each, in their order' },
      ),
    ),
  },
  { 'x-schema': 'FeedbackReceipt' },
);
export type FeedbackReceipt = Static<typeof FeedbackReceipt>;

/** Returns the receipt of the first request with a key, and how many of its columns the model did not have. */
export function receiptOf({ note, kept }: EarlierRequest): { receipt: FeedbackReceipt; ignored: number } {
  const { ignored = 0, ...stored } = JSON.parse(note) as Omit<FeedbackReceipt, 'kept_rows'> & { ignored?: number };
  return { receipt: { ...stored, kept_rows: kept }, ignored };
}
