import { inputsOf } from '../columns/encoding/encoding.js';
import type { Engine, EngineFactory } from '../network/engine.js';
import type { Predictor } from '../network/predictor.js';
import { layerShapes, type Shape, weightCount } from '../network/shape.js';
import { splitNetwork } from '../network/split-network.js';
import { restorationsOf } from '../network/target-scaler.js';

/**
 * A network as a function of what each column adds to a vector: the inputs or, if the first hidden layer has fewer units than there are
 * inputs, that layer's sums, which are linear in the inputs. The rest of the network then takes the same time however many columns
 * there are.
 */
export class CoalitionNetwork {
  /** Numbers of the vector. */
  readonly width: number;
  readonly features: number;
  readonly outputs: number;
  /** Multiplications per vector. */
  readonly cost: number;
  private readonly engine: Engine;
  private readonly restorations: readonly ((output: number) => number)[];
  private standardised = new Float32Array(0);
  /** `[features + 1]`: the first input of each column, and the number of inputs. */
  private readonly starts: Int32Array;
  /** `[inputs, width]` and `[width]`: kernel and bias of the first layer; undefined if the vector has the inputs. */
  private readonly first: { readonly kernel: Float32Array; readonly bias: Float32Array } | undefined;

  constructor({ engine, scalers, encoder }: Predictor, createEngine: EngineFactory) {
    const { shape } = engine;
    const weights = engine.weights();
    const { mean } = scalers.features;
    this.features = mean.length;
    this.outputs = shape.outputs;
    this.starts = new Int32Array(mean.length + 1);
    for (let j = 0; j < mean.length; j++) {
      const column = encoder.inputs === mean.length ? undefined : scalers.columns?.[j];
      this.starts[j + 1] = this.starts[j]! + (column ? inputsOf(column.encoding) : 1);
    }
    const units = shape.hidden[0];
    const rest = units !== undefined && units < shape.inputs ? afterFirstLayer(shape, weights) : { shape, weights };
    this.width = rest.shape.inputs;
    this.first = rest.shape === shape ? undefined : firstLayer(shape, weights);
    const members = splitNetwork(rest.shape, rest.weights);
    this.cost = members ? members.networks.length * weightCount(members.shape) : weightCount(rest.shape);
    this.engine = createEngine(rest.shape, rest.weights);
    this.restorations = restorationsOf(scalers.targets, scalers.transforms);
  }

  /** Writes what all columns of a row of inputs add, and the bias, to `to` `[width]`. */
  start(inputs: Float32Array, to: Float64Array): void {
    const { first, width } = this;
    if (!first) {
      to.set(inputs);
      return;
    }
    to.set(first.bias);
    inputs.forEach((input, i) => {
      for (let k = 0, at = i * width; k < width; k++, at++) to[k]! += first.kernel[at]! * input;
    });
  }

  /**
   * Writes what each column adds if its inputs are those of the row `to` instead of the row `from`, to `changes`
   * `[features, width]`. Returns the columns that are not equal in both rows.
   */
  changes(from: Float32Array, to: Float32Array, changes: Float64Array): number[] {
    const { first, starts, width, features } = this;
    const changed: number[] = [];
    changes.fill(0);
    for (let j = 0; j < features; j++) {
      let differs = false;
      for (let i = starts[j]!; i < starts[j + 1]!; i++) {
        const change = to[i]! - from[i]!;
        if (change === 0) continue;
        differs = true;
        if (!first) changes[j * width + i] = change;
        else
          for (let k = 0, at = i * width; k < width; k++, at++) changes[j * width + k]! += first.kernel[at]! * change;
      }
      if (differs) changed.push(j);
    }
    return changed;
  }

  /** Returns the part of a vector that a column can change, `[from, to)`. */
  span(column: number): readonly [from: number, to: number] {
    return this.first ? [0, this.width] : [this.starts[column]!, this.starts[column + 1]!];
  }

  /** Writes the predictions of `count` vectors `[count, width]` to `to` `[count, outputs]`, in target units and float64. */
  predict(vectors: Float32Array, count: number, to: Float64Array): void {
    const { restorations } = this;
    const { length: width } = restorations;
    if (this.standardised.length < count * width) this.standardised = new Float32Array(count * width);
    this.engine.outputs(vectors, count, this.standardised);
    for (const [output, restore] of restorations.entries()) {
      for (let at = output; at < count * width; at += width) to[at] = restore(this.standardised[at]!);
    }
  }

  close(): void {
    this.engine.close();
  }
}

function firstLayer(shape: Shape, weights: Float32Array) {
  const [{ kernelOffset, biasOffset, units }] = layerShapes(shape) as [ReturnType<typeof layerShapes>[number]];
  return {
    kernel: weights.subarray(kernelOffset, biasOffset),
    bias: weights.subarray(biasOffset, biasOffset + units),
  };
}

/** Returns the network whose inputs are the sums of the first hidden layer: an identity takes its place. It reconstructs nothing. */
function afterFirstLayer(shape: Shape, weights: Float32Array): { shape: Shape; weights: Float32Array } {
  const units = shape.hidden[0]!;
  const rest: Shape = { ...shape, inputs: units };
  const restWeights = new Float32Array(weightCount(rest));
  for (let i = 0; i < units; i++) restWeights[i * units + i] = 1;
  const layers = layerShapes(shape);
  layerShapes(rest).forEach(({ kernelOffset }, layer) => {
    if (layer === 0 || layer === layers.length - 1) return;
    const from = layers[layer]!;
    restWeights.set(weights.subarray(from.kernelOffset, from.biasOffset + from.units), kernelOffset);
  });
  return { shape: rest, weights: restWeights };
}
