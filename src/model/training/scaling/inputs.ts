import { DomainError } from '../../../base/domain-error.js';
import type { Column } from '../../columns/column.js';
import { type EncodedColumn, inputCount, isPlain, MAX_INPUTS } from '../../columns/encoding/encoding.js';
import { MixedEncoder } from '../../columns/encoding/mixed-encoder.js';
import { fitRanges, reachOf } from '../../columns/encoding/reach.js';
import { fitEncodings } from '../../columns/fitting/fit-encoding.js';
import { FOLDS, foldColumns, foldOf } from '../../columns/fitting/target-statistics.js';
import { fitScaler, type Scaler, standardise } from '../../network/scaler.js';
import { gather, type LabelledRows } from '../../tables/labelled-rows.js';

/** The inputs of a network, fitted to training rows. */
export interface Inputs {
  /** Inputs of a row. */
  readonly width: number;
  /** Of the codes. Of a category, its most frequent level and 1. */
  readonly scaler: Scaler;
  /** Undefined if all features are plain numbers, whose table says no more of them. */
  readonly columns: EncodedColumn[] | undefined;
  /** Encodes the rows `index[from..to)` for a step; undefined if the features were standardised in place. */
  readonly encode: (<T>(index: Int32Array, from: number, to: number, step: Step<T>) => T) | undefined;
}

/** Copies the inputs `[rows, width]` and the targets `[rows, outputs]` of the rows `index`. */
export function gatherInputs(
  { width, encode }: Inputs,
  data: LabelledRows,
  index: Int32Array,
): { rows: number; inputs: Float32Array; targets: Float32Array } {
  if (!encode) {
    const { rows, features, targets } = gather(data, index);
    return { rows, inputs: features, targets };
  }
  return encode(index, 0, index.length, (inputs, targets) => ({
    rows: index.length,
    inputs: inputs.slice(0, index.length * width),
    targets: targets.slice(0, (index.length * data.targets.length) / data.rows),
  }));
}

/** Gets inputs `[rows, width]` and targets `[rows, outputs]` of a batch in order, and that order: 0, 1, 2, … */
type Step<T> = (inputs: Float32Array, targets: Float32Array, order: Int32Array) => T;

/**
 * Fits the encodings of the features to the rows `index`, and standardises plain numbers in place. The targets are standardised.
 * Throws `UNKNOWN_COLUMN` for more than `MAX_INPUTS` inputs.
 */
export function fitInputs(
  data: LabelledRows,
  features: number,
  outputs: number,
  index: Int32Array,
  columns: readonly Column[] | undefined,
): Inputs {
  const scaler = fitScaler(data.features, features, index);
  const encoded = columns && fitEncodings(columns, { ...data, outputs }, index);
  if (!encoded || encoded.every(isPlain)) {
    const range = fitRanges(data.features, features, index);
    standardise(scaler, data.features, data.features, data.rows, range.map(reachOf));
    return {
      width: features,
      scaler: { ...scaler, range },
      columns: encoded?.some(needsColumn) ? encoded : undefined,
      encode: undefined,
    };
  }
  const width = inputCount(encoded);
  if (width > MAX_INPUTS) {
    throw new DomainError(
      'UNKNOWN_COLUMN',
      `expected columns that are at most ${MAX_INPUTS} inputs of the network, got ${width}; leave columns out`,
    );
  }
  return {
    width,
    scaler: {
      mean: typicalCodes(encoded, scaler),
      scale: scaler.scale.map((s, j) => (isCategory(encoded[j]!) ? 1 : s)),
    },
    columns: encoded,
    encode: batchEncoder(encoded, { ...data, outputs }, index),
  };
}

/** Returns whether a card must describe a plain number: the name alone does not show its notation, nor that it may be missing. */
function needsColumn(column: EncodedColumn): boolean {
  return column.type !== 'number' || column.notation !== undefined || column.missing > 0;
}

function isCategory({ type }: EncodedColumn): boolean {
  return type === 'category';
}

function typicalCodes(columns: readonly EncodedColumn[], { mean }: Scaler): number[] {
  return columns.map((column, j) =>
    column.type === 'category' ? column.counts.indexOf(Math.max(...column.counts)) : mean[j]!,
  );
}

function batchEncoder(
  columns: readonly EncodedColumn[],
  data: LabelledRows & { readonly outputs: number },
  index: Int32Array,
): NonNullable<Inputs['encode']> {
  const { features, targets, outputs } = data;
  // Each row is encoded by what the other folds say of its levels.
  const encoders = (foldColumns(columns, data, index) ?? [columns]).map((each) => new MixedEncoder(each));
  const folds = new Uint8Array(data.rows);
  if (encoders.length === FOLDS) for (const [place, row] of index.entries()) folds[row] = foldOf(place);
  const { inputs } = encoders[0]!;
  let order = new Int32Array(0);
  let batch = new Float32Array(0);
  let answers = new Float32Array(0);
  return (rows, from, to, step) => {
    const count = to - from;
    if (order.length < count) {
      order = Int32Array.from({ length: count }, (_, i) => i);
      batch = new Float32Array(count * inputs);
      answers = new Float32Array(count * outputs);
    }
    for (let i = 0; i < count; i++) {
      const row = rows[from + i]!;
      encoders[folds[row]!]!.encodeRow(features, row, batch, i);
      for (let t = 0; t < outputs; t++) answers[i * outputs + t] = targets[row * outputs + t]!;
    }
    return step(batch, answers, order);
  };
}
