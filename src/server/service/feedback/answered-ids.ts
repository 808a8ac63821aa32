import { DomainError } from '../../../base/domain-error.js';
import type { KnownPrediction } from '../../../model/feedback/labelled-batch.js';
import { changed } from '../../../model/tables/columns.js';
import type { FeedbackTerms, IdStatus } from './feedback-rows.js';

/** Throws what the first id is refused for, if it is. */
export function throwIfRefused(
  status: IdStatus,
  id: string,
  prediction: KnownPrediction,
  { columns }: FeedbackTerms,
): void {
  const name = JSON.stringify(id.slice(0, 80));
  if (status === 'not_found') {
    const reason = 'it was not stored, is too old, or was answered long ago';
    throw new DomainError('PREDICTION_NOT_FOUND', `ids[0]: no prediction ${name} waits for its targets; ${reason}`);
  }
  if (status === 'conflict') {
    const reason = 'has been answered with other targets, which remain';
    throw new DomainError('PREDICTION_ANSWERED', `ids[0]: prediction ${name} ${reason}`);
  }
  if (status === 'other_columns' && prediction && 'columns' in prediction) {
    throw changed(columns, prediction.columns, 'ids[0] was predicted by a model with those columns');
  }
}

/** Throws `INVALID_ROWS` for an id that is listed twice. */
export function checkIds(ids: readonly string[]): void {
  const places = new Map<string, number>();
  for (const [i, id] of ids.entries()) {
    const earlier = places.get(id);
    if (earlier !== undefined) throw new DomainError('INVALID_ROWS', `ids[${i}]: the same as ids[${earlier}]`);
    places.set(id, i);
  }
}
