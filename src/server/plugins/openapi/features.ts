import { DATATYPES } from '../../../model/columns/datatypes.js';
import { isNumeric } from '../../../model/tables/row-model.js';
import type { Card } from '../../../model/versions/card.js';
import { exampleRow, featureSchemas, namedRowSchema } from '../../service/versions/input-schema.js';
import type { Document, Node } from './schema-marks.js';

/**
 * Describes the rows of every prediction with the features of the serving version, in order, with their types, and a typical
 * row: the schemas `Row` and `RowValues`. Without a version, rows stay as their routes describe them.
 */
export function describeFeatures(document: Document, card: Card | undefined): void {
  const rows = findMarked(document, 'x-rows');
  const tensors = findMarked(document, 'x-tensors');
  if (!card) return;
  const { features, columns } = card;
  const order = `in this order: ${features.join(', ')}`;
  const row = exampleRow(card);
  const types = Array.from(new Set(featureSchemas(card).flatMap(({ type }) => type)));
  Object.assign(document.components!.schemas!, {
    Row: namedRowSchema(card),
    RowValues: {
      type: 'array',
      description: order,
      // One schema of all values: generators of clients misread `prefixItems`, alone and beside `items`.
      items: { type: types.length === 1 ? types[0] : types },
      minItems: features.length,
      maxItems: features.length,
    },
  });
  for (const schema of rows) {
    schema['items'] = { anyOf: [reference('RowValues'), reference('Row')] };
    schema['example'] = [row];
  }
  for (const schema of tensors) {
    schema['description'] += `; the features are, ${order}`;
    schema['example'] = isNumeric(card)
      ? [{ name: 'inputs', shape: [1, features.length], datatype: 'FP32', data: row }]
      : columns!.map(({ name, type }, j) => ({ name, shape: [1], datatype: DATATYPES[type], data: [row[j]] }));
  }
}

function reference(name: string): Node {
  return { $ref: `#/components/schemas/${name}` };
}

/** Finds the schemas that routes mark with the key `mark`, and removes the key. */
function findMarked(node: unknown, mark: string): Node[] {
  if (typeof node !== 'object' || node === null) return [];
  if (mark in node) {
    delete (node as Node)[mark];
    return [node as Node];
  }
  return Object.values(node).flatMap((each) => findMarked(each, mark));
}
