import { Counter, type Registry } from 'prom-client';
import type { CategoryColumn } from '../../model/columns/column.js';
import type { Card } from '../../model/versions/card.js';
import type { Observation, PredictionService } from '../service/prediction/prediction-service.js';

/** Categories with a series of their own. More would be too many series for most Prometheus servers. */
const MAX_SERIES = 100;
/** The series of all other categories. */
const REST = '(others)';

interface Category {
  /** Index of the feature. */
  readonly feature: number;
  /** The code of a level that the training did not have. */
  readonly unknown: number;
  readonly label: string;
}

/**
 * Registers the counter of values that are levels which the training did not have. Returns a function that counts those of a
 * prediction. Other categories in the serving version begin anew at 0, which Prometheus handles like a restart.
 */
export function registerUnknownLevels(registry: Registry, service: PredictionService): (seen: Observation) => void {
  let card: Card | undefined;
  let categories: readonly Category[] = [];
  const counter = new Counter({
    name: 'model_unknown_levels_total',
    help: 'Predicted values of a category that are a level which the training did not have, by feature',
    labelNames: ['feature'],
    registers: [registry],
    collect() {
      if (service.servingIfReady) follow(service.servingIfReady.card);
    },
  });

  function follow(serving: Card): void {
    if (serving === card) return;
    card = serving;
    const former = categories.map(({ label }) => label).join('\n');
    categories = categoriesOf(serving);
    if (categories.map(({ label }) => label).join('\n') === former) return;
    counter.reset();
    for (const { label } of categories) counter.inc({ feature: label }, 0);
  }

  return ({ rows, count, serving }) => {
    if (serving.card !== card) follow(serving.card);
    const width = serving.card.features.length;
    for (const { feature, unknown, label } of categories) {
      let found = 0;
      for (let i = 0, at = feature; i < count; i++, at += width) if (rows[at] === unknown) found++;
      if (found > 0) counter.inc({ feature: label }, found);
    }
  };
}

function categoriesOf({ columns = [] }: Card): Category[] {
  return columns
    .map((column, feature) => ({ column, feature }))
    .filter(
      (each): each is { column: (typeof columns)[number] & CategoryColumn; feature: number } =>
        each.column.type === 'category',
    )
    .map(({ column: { name, levels }, feature }, i) => ({
      feature,
      unknown: levels.length,
      label: i < MAX_SERIES ? name : REST,
    }));
}
