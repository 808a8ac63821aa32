import { INPUT, SIGNATURE } from '../../readers/tensorflow-request.js';
import type { Serving } from '../../service/prediction/prediction-service.js';

/** What `GET …/metadata` tells of a version: the signature of a Keras model of one input and one output. */
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

/** A matrix of float32 of any number of rows; 64-bit integers are strings in Protobuf's JSON. */
function tensor(name: string, columns: number): object {
  const dimensions = ['-1', String(columns)].map((size) => ({ size, name: '' }));
  return { dtype: 'DT_FLOAT', tensor_shape: { dim: dimensions, unknown_rank: false }, name };
}
