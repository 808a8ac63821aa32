import { DomainError, show } from '../../../base/domain-error.js';
import { type CodedColumns, codedColumnsOf } from '../../../model/feedback/coded-columns.js';
import type { KnownPrediction } from '../../../model/feedback/labelled-batch.js';
import { changed, equalColumns } from '../../../model/tables/columns.js';
import type { FeedbackTerms, IdStatus } from './feedback-rows.js';

/** Throws what the first id is refused for, if it is. */
export function throwIfRefused(status: IdStatus, id: string, prediction: KnownPrediction, terms: FeedbackTerms): void {
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
    const { columns } = prediction;
    if (!equalColumns(columns, terms)) {
      throw changed(terms, columns, 'ids[0] was predicted by a model with those columns');
    }
    const types = (of: CodedColumns) => of.features.map((_, j) => of.codebook?.[j]?.type ?? 'number');
    const [then, now] = [types(columns), types(codedColumnsOf(terms))];
    const j = then.findIndex((type, i) => type !== now[i]);
    throw new DomainError(
      'FEATURES_CHANGED',
      `feature ${show(terms.features[j])} of the serving model is a ${now[j]}, but was a ${then[j]} in the model that ` +
        'predicted ids[0]',
    );
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
