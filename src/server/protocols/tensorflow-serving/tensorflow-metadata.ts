import type { ColumnType } from '../../../model/columns/column.js';
import { isNumeric } from '../../../model/tables/row-model.js';
import { INPUT, SIGNATURE } from '../../readers/tensorflow-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';

/** The datatype of an input by the type of its column. */
const DATATYPES: Readonly<Record<ColumnType, string>> = {
  number: 'DT_FLOAT',
  category: 'DT_STRING',
  boolean: 'DT_BOOL',
  timestamp: 'DT_STRING',
};

/** Returns the reply of `GET …/metadata`: the signature of a Keras model with one output, and one input or one for each feature. */
export function tensorflowMetadata(name: string, { version, card }: Serving): object {
  const inputs = isNumeric(card)
    ? { [INPUT]: tensor(`${SIGNATURE}_${INPUT}:0`, card.features.length) }
    : Object.fromEntries(
        card.columns!.map((column) => [
          column.name,
          tensor(`${SIGNATURE}_${column.name}:0`, 1, DATATYPES[column.type]),
        ]),
      );
  return {
    model_spec: { name, signature_name: '', version: String(version) },
    metadata: {
      signature_def: {
        signature_def: {
          [SIGNATURE]: {
            inputs,
            outputs: { predictions: tensor('StatefulPartitionedCall:0', card.targets.length) },
            method_name: 'tensorflow/serving/predict',
            defaults: {},
          },
        },
      },
    },
  };
}

/** Describes a matrix with any number of rows. Protobuf's JSON writes 64-bit integers as strings. */
function tensor(name: string, columns: number, dtype = 'DT_FLOAT'): object {
  const dimensions = ['-1', String(columns)].map((size) => ({ size, name: '' }));
  return { dtype, tensor_shape: { dim: dimensions, unknown_rank: false }, name };
}
