import { INPUT, SIGNATURE } from '../../readers/tensorflow-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';

/** Returns the reply of `GET …/metadata`: the signature of a Keras model with one input and one output. */
export function tensorflowMetadata(name: string, { version, card }: Serving): object {
  return {
    model_spec: { name, signature_name: '', version: String(version) },
    metadata: {
      signature_def: {
        signature_def: {
          [SIGNATURE]: {
            inputs: { [INPUT]: tensor(`${SIGNATURE}_${INPUT}:0`, card.features.length) },
            outputs: { predictions: tensor('StatefulPartitionedCall:0', card.targets.length) },
            method_name: 'tensorflow/serving/predict',
            defaults: {},
          },
        },
      },
    },
  };
}

/** Describes a matrix of float32 with any number of rows. Protobuf's JSON writes 64-bit integers as strings. */
function tensor(name: string, columns: number): object {
  const dimensions = ['-1', String(columns)].map((size) => ({ size, name: '' }));
  return { dtype: 'DT_FLOAT', tensor_shape: { dim: dimensions, unknown_rank: false }, name };
}
