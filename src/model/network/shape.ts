/** The network's dimensions. Defaults follow Géron, Hands-On Machine Learning, chapter 12. */
export interface Shape {
  readonly inputs: number;
  readonly outputs: number;
  /** Units of each hidden SELU layer, starting at the inputs. */
  readonly hidden: readonly number[];
  /** Factor of the mean squared reconstruction error in the loss. */
  readonly auxiliaryWeight: number;
}

export const DEFAULT_HIDDEN: readonly number[] = [30, 30, 30, 30, 30];
export const DEFAULT_AUXILIARY_WEIGHT = 0.05;

/** The position of a dense layer in the flat weight vector: a row-major kernel `[inputs, units]`, then a bias `[units]`. */
export type LayerShape = ReturnType<typeof layerShapes>[number];

/** Hidden layers `hidden_0`…, then the heads `out` and `reconstruct`, in Keras' order of weights. */
export function layerShapes(shape: Shape) {
  const last = shape.hidden.at(-1) ?? shape.inputs;
  const dimensions = [
    ...shape.hidden.map((units, i) => [`hidden_${i}`, shape.hidden[i - 1] ?? shape.inputs, units] as const),
    ['out', last, shape.outputs] as const,
    ['reconstruct', last, shape.inputs] as const,
  ];
  let offset = 0;
  return dimensions.map(([name, inputs, units]) => {
    const kernelOffset = offset;
    const biasOffset = kernelOffset + inputs * units;
    offset = biasOffset + units;
    return { name, inputs, units, kernelOffset, biasOffset };
  });
}

/** Number of weights of a network. */
export function weightCount(shape: Shape): number {
  return layerShapes(shape).reduce((sum, layer) => sum + (layer.inputs + 1) * layer.units, 0);
}
