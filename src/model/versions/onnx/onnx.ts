import { weightsToBytes } from '../../network/layers-format.js';
import { layerShapes } from '../../network/shape.js';
import { invalidVersion } from '../card.js';
import type { VersionContent } from '../version.js';
import { ONNX_SCHEMA } from './onnx-schema.js';

/** The operator set of ONNX 1.12, which every recent runtime reads. */
export const ONNX_OPSET = 17;
const ONNX_IR_VERSION = 8;

/** Klambauer et al., Self-Normalizing Neural Networks (2017). ONNX' own defaults have fewer digits. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_GAMMA = 1.0507009873554805;

const FLOAT = 1;
/** The smallest float32 of full precision. */
const SMALLEST_NORMAL = 2 ** -126;

/**
 * Converts a version to an ONNX model that includes its scalers.
 *
 * The input `inputs` is float32 `[rows, features]` in raw units, NaN where a value is missing. The outputs are float32:
 * `prediction` `[rows, targets]` in target units, `reconstruction` `[rows, features]` in raw units, and
 * `reconstruction_error` `[rows]`, the mean squared residual in standardised units. The metadata holds names and version. The
 * model uses float32 operators only, so that it runs on any backend.
 *
 * Throws `INVALID_VERSION` if float32 cannot hold the scalers.
 */
export async function toOnnx(name: string, version: number, content: VersionContent): Promise<Uint8Array> {
  const { card, shape } = content;
  const { default: protobuf } = await import('protobufjs');
  const model = protobuf.parse(ONNX_SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');
  const metadata = {
    model_name: name,
    model_version: String(version),
    feature_names: JSON.stringify(card.features),
    target_names: JSON.stringify(card.targets),
    created_at: card.created_at,
  };
  const message = model.fromObject({
    ir_version: ONNX_IR_VERSION,
    producer_name: 'reconstruction-regressor',
    model_version: version,
    opset_import: [{ domain: '', version: ONNX_OPSET }],
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'reconstruction_regressor',
      ...graph(content),
      input: [valueInfo('inputs', shape.inputs, 'raw units; NaN is a missing value')],
      output: [
        valueInfo('prediction', shape.outputs, 'target units'),
        valueInfo('reconstruction', shape.inputs, 'raw units'),
        valueInfo('reconstruction_error', undefined, 'mean squared residual, standardised units'),
      ],
    },
  });
  return model.encode(message).finish();
}

function graph({ card: { scalers }, shape, weights }: VersionContent): { node: object[]; initializer: object[] } {
  const initializer: object[] = [];
  const constant = (name: string, dims: readonly number[], values: readonly number[] | Float32Array): string => {
    const floats = Float32Array.from(values);
    initializer.push({ name, dims, data_type: FLOAT, raw_data: weightsToBytes(floats) });
    return name;
  };
  const scale = (name: string, values: readonly number[]): string => {
    if (!values.every((value) => Math.abs(value) >= SMALLEST_NORMAL && Number.isFinite(Math.fround(value)))) {
      throw invalidVersion(`card.json/scalers: ${name} has a value that float32 cannot hold`);
    }
    return constant(name, [values.length], values);
  };
  const node: object[] = [];
  const apply = (op_type: string, input: string[], output: string, attribute: object[] = []): string => {
    node.push({ op_type, name: output, input, output: [output], attribute });
    return output;
  };

  // The engine scales in float64. Each mean is the sum of two float32: one would lose digits of, say, seconds since 1970.
  const { mean } = scalers.features;
  const high = constant('feature_mean', [shape.inputs], mean);
  const rest = mean.map((value) => value - Math.fround(value));
  const low = constant('feature_mean_rest', [shape.inputs], rest);
  const featureScale = scale('feature_scale', scalers.features.scale);
  const targetScale = scale('target_scale', scalers.targets.scale);
  const targetMean = constant('target_mean', [shape.outputs], scalers.targets.mean);
  const zero = constant('zero', [], [0]);

  const centred = apply('Sub', [apply('Sub', ['inputs', high], 'centred_roughly'), low], 'centred');
  const scaled = apply('Div', [centred, featureScale], 'scaled');
  const standardised = apply('Where', [apply('IsNaN', ['inputs'], 'missing'), zero, scaled], 'standardised');

  let below = standardised;
  for (const { name, inputs, units, kernelOffset, biasOffset } of layerShapes(shape)) {
    const kernel = constant(`${name}/kernel`, [inputs, units], weights.subarray(kernelOffset, biasOffset));
    const bias = constant(`${name}/bias`, [units], weights.subarray(biasOffset, biasOffset + units));
    const dense = apply('Gemm', [below, kernel, bias], name);
    if (name.startsWith('hidden')) {
      below = apply('Selu', [dense], `${name}/selu`, [
        { name: 'alpha', type: 'FLOAT', f: SELU_ALPHA },
        { name: 'gamma', type: 'FLOAT', f: SELU_GAMMA },
      ]);
    }
  }

  apply('Add', [apply('Mul', ['out', targetScale], 'out_scaled'), targetMean], 'prediction');
  apply('Add', [apply('Mul', ['reconstruct', featureScale], 'reconstruct_scaled'), high], 'reconstruction');
  const residual = apply('Sub', ['reconstruct', standardised], 'residual');
  apply('ReduceMean', [apply('Mul', [residual, residual], 'residual_squared')], 'reconstruction_error', [
    { name: 'axes', type: 'INTS', ints: [1] },
    { name: 'keepdims', type: 'INT', i: 0 },
  ]);
  return { node, initializer };
}

/** Describes a float32 tensor `[rows, width]`, or `[rows]` without a width, for any number of rows. */
function valueInfo(name: string, width: number | undefined, doc_string: string): object {
  const dim = [{ dim_param: 'rows' }, ...(width === undefined ? [] : [{ dim_value: width }])];
  return { name, doc_string, type: { tensor_type: { elem_type: FLOAT, shape: { dim } } } };
}
