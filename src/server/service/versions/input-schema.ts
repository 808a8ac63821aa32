import type { Column } from '../../../model/columns/column.js';
import { exampleValue, valueSchema } from '../../../model/columns/value-schema.js';
import type { Card } from '../../../model/versions/card.js';

type Described = Pick<Card, 'features' | 'targets' | 'columns' | 'scalers'>;

/** Returns the JSON Schema of each feature, in order. */
export function featureSchemas({ features, columns }: Described): Record<string, unknown>[] {
  return columns ? columns.map(valueSchema) : features.map((title) => ({ title, type: 'number' }));
}

/** Returns the values of a typical row. */
export function exampleRow({ columns, scalers }: Described): (number | string | boolean)[] {
  return columns ? columns.map(exampleValue) : scalers.features.mean.map((mean) => Number(mean.toPrecision(3)));
}

/** Returns the JSON Schema of a row whose values have names. Others than the features are ignored. */
export function namedRowSchema(card: Described): Record<string, unknown> {
  const schemas = featureSchemas(card);
  return {
    type: 'object',
    properties: Object.fromEntries(card.features.map((name, j) => [name, schemas[j]])),
    required: [...card.features],
  };
}

const MLFLOW_TYPES: Readonly<Record<Column['type'], string>> = {
  number: 'double',
  category: 'string',
  boolean: 'boolean',
  timestamp: 'datetime',
};

/** Returns the model's signature as MLflow writes it: https://mlflow.org/docs/latest/ml/model/signatures. */
export function mlflowSignature({ features, targets, columns }: Described) {
  const inputs = features.map((name, j) => {
    const column = columns?.[j];
    const isOptional = column !== undefined && column.missing > 0;
    return { type: column ? MLFLOW_TYPES[column.type] : 'double', name, required: !isOptional };
  });
  return { inputs, outputs: targets.map((name) => ({ type: 'double', name, required: true })) };
}
