import type { TargetTransform } from '../../columns/encoding/encoding.js';
import { type Reach, reachOf } from '../../columns/encoding/reach.js';
import type { Scaler } from '../../network/scaler.js';
import { layerShapes } from '../../network/shape.js';
import { invalidVersion } from '../card.js';
import type { VersionContent } from '../version.js';
import { Graph, valueInfo } from './graph.js';
import { addMixedInputs, ML_DOMAIN, ML_OPSET } from './mixed-inputs.js';
import { ONNX_SCHEMA } from './onnx-schema.js';

/** The operator set of ONNX 1.12, which every recent runtime reads. */
export const ONNX_OPSET = 17;
const ONNX_IR_VERSION = 8;

/** Klambauer et al., Self-Normalizing Neural Networks (2017). ONNX' own defaults have fewer digits. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_GAMMA = 1.0507009873554805;

/** The smallest float32 of full precision. */
const SMALLEST_NORMAL = 2 ** -126;

/**
 * Converts a version to an ONNX model that includes its encoding and its scalers.
 *
 * If all features are plain numbers, the input `inputs` is float32 `[rows, features]` in raw units, NaN where a value is missing,
 * and the model uses float32 operators only, so that it runs on any backend. Otherwise there is an input for each feature, by its
 * name (see `addMixedInputs`), or `feature:` and its name if the model itself uses one of the names, and the operators of `ai.onnx.ml` read the texts.
 *
 * The outputs are float32: `prediction` `[rows, targets]` in target units; `reconstruction`, `[rows, features]` in raw units
 * for plain numbers, otherwise `[rows, inputs of the network]`, encoded; and `reconstruction_error` `[rows]`, the mean
 * squared residual in standardised units. The metadata holds names and version.
 *
 * Throws `INVALID_VERSION` if float32 cannot hold the scalers.
 */
export async function toOnnx(name: string, version: number, content: VersionContent): Promise<Uint8Array> {
  const { card } = content;
  const { default: protobuf } = await import('protobufjs');
  const model = protobuf.parse(ONNX_SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');
  const metadata = {
    model_name: name,
    model_version: String(version),
    feature_names: JSON.stringify(card.features),
    target_names: JSON.stringify(card.targets),
    created_at: card.created_at,
  };
  const operators = [{ domain: '', version: ONNX_OPSET }];
  if (card.columns) operators.push({ domain: ML_DOMAIN, version: ML_OPSET });
  const message = model.fromObject({
    ir_version: ONNX_IR_VERSION,
    producer_name: 'reconstruction-regressor',
    model_version: version,
    opset_import: operators,
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: { name: 'reconstruction_regressor', ...build(content) },
  });
  return model.encode(message).finish();
}

/** `prefix` begins the names of the inputs of features that are not all plain numbers. */
function build(content: VersionContent, prefix = ''): object {
  const { card, shape, weights } = content;
  const graph = new Graph();
  const { columns, scalers } = card;
  const { inputs, encoded } = columns
    ? addMixedInputs(graph, columns, prefix)
    : addPlainInputs(graph, scalers.features);
  let below = encoded;
  for (const { name, inputs: width, units, kernelOffset, biasOffset } of layerShapes(shape)) {
    const kernel = graph.floats(`${name}/kernel`, [width, units], weights.subarray(kernelOffset, biasOffset));
    const bias = graph.floats(`${name}/bias`, [units], weights.subarray(biasOffset, biasOffset + units));
    const dense = graph.apply('Gemm', [below, kernel, bias], name);
    if (!name.startsWith('hidden')) continue;
    below = graph.apply('Selu', [dense], `${name}/selu`, { alpha: SELU_ALPHA, gamma: SELU_GAMMA });
  }
  addPrediction(graph, scalers.targets, card.target_transforms);
  if (columns) graph.apply('Identity', ['reconstruct'], 'reconstruction');
  else unscale(graph, 'reconstruct', 'feature', 'reconstruction');
  const residual = graph.apply('Sub', ['reconstruct', encoded], 'residual');
  const square = graph.apply('Mul', [residual, residual], 'residual_squared');
  graph.apply('ReduceMean', [square], 'reconstruction_error', { axes: [1n], keepdims: 0n });
  if (columns?.some(({ name }) => graph.names.has(prefix + name))) return build(content, `feature:${prefix}`);
  const output = [
    valueInfo('prediction', shape.outputs, 'target units'),
    valueInfo('reconstruction', shape.inputs, columns ? 'encoded' : 'raw units'),
    valueInfo('reconstruction_error', undefined, 'mean squared residual, standardised units'),
  ];
  return { node: graph.node, initializer: graph.initializer, input: inputs, output };
}

/** Adds the input of plain numbers, and the network's inputs. */
function addPlainInputs(graph: Graph, { mean, scale, range }: Scaler): { inputs: object[]; encoded: string } {
  // The engine scales in float64. Each mean is the sum of two float32: one would lose digits of, say, seconds since 1970.
  const high = graph.floats('feature_mean', [mean.length], mean);
  const rest = mean.map((value) => value - Math.fround(value));
  const low = graph.floats('feature_mean_rest', [mean.length], rest);
  const featureScale = addScale(graph, 'feature_scale', scale);
  const zero = graph.floats('zero', [], [0]);
  const centred = graph.apply('Sub', [graph.apply('Sub', ['inputs', high], 'centred_roughly'), low], 'centred');
  const unbounded = graph.apply('Div', [centred, featureScale], 'scaled');
  const scaled = range ? addBounds(graph, unbounded, { mean, scale, range }) : unbounded;
  const missing = graph.apply('IsNaN', ['inputs'], 'missing');
  const encoded = graph.apply('Where', [missing, zero, scaled], 'standardised');
  return { inputs: [valueInfo('inputs', mean.length, 'raw units; NaN is a missing value')], encoded };
}

/** Bounds standardised values, see `reachOf`. */
function addBounds(graph: Graph, value: string, { mean, scale, range = [] }: Scaler): string {
  const reaches = range.map(reachOf);
  const limit = (of: keyof Reach) =>
    graph.floats(
      `feature_${of}`,
      [mean.length],
      reaches.map((reach, j) => (reach[of] - mean[j]!) / scale[j]!),
    );
  const upper = graph.apply('Min', [value, limit('high')], 'scaled_to_high');
  const within = graph.apply('Max', [upper, limit('low')], 'scaled_within');
  const above = graph.apply('Greater', [value, limit('above')], 'is_above');
  const below = graph.apply('Less', [value, limit('below')], 'is_below');
  return graph.apply(
    'Where',
    [graph.apply('Or', [above, below], 'is_no_measurement'), value, within],
    'scaled_bounded',
  );
}

/** Adds the output `prediction`. The unit of a target that is learned as its logarithm is that of `exp(output) - 1`. */
function addPrediction(graph: Graph, targets: Scaler, transforms: readonly TargetTransform[] | undefined): void {
  const logged = transforms?.map(({ method }) => method === 'log1p') ?? [];
  const effective = targets.mean.map((mean, j) => {
    const transform = transforms?.[j];
    return transform?.method === 'log1p' ? transform : { mean, scale: targets.scale[j]! };
  });
  addScale(
    graph,
    'target_scale',
    effective.map(({ scale }) => scale),
  );
  graph.floats(
    'target_mean',
    [effective.length],
    effective.map(({ mean }) => mean),
  );
  if (!logged.includes(true)) {
    unscale(graph, 'out', 'target', 'prediction');
    return;
  }
  const value = unscale(graph, 'out', 'target', 'out_unscaled');
  const one = graph.floats('one', [], [1]);
  const grown = graph.apply('Sub', [graph.apply('Exp', [value], 'out_exp'), one], 'out_expm1');
  const flags = graph.floats('target_logged', [logged.length], logged.map(Number));
  const half = graph.floats('half', [], [0.5]);
  graph.apply('Where', [graph.apply('Greater', [flags, half], 'is_logged'), grown, value], 'prediction');
}

/** `value × scale + mean`, whose constants have been added. */
function unscale(graph: Graph, value: string, scaler: 'feature' | 'target', name: string): string {
  return graph.apply(
    'Add',
    [graph.apply('Mul', [value, `${scaler}_scale`], `${value}_scaled`), `${scaler}_mean`],
    name,
  );
}

function addScale(graph: Graph, name: string, values: readonly number[]): string {
  if (!values.every((value) => Math.abs(value) >= SMALLEST_NORMAL && Number.isFinite(Math.fround(value)))) {
    throw invalidVersion(`card.json/scalers: ${name} has a value that float32 cannot hold`);
  }
  return graph.floats(name, [values.length], values);
}
