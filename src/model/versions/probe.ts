import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError } from '../../base/domain-error.js';
import { createRandom, type Random } from '../../base/statistics/random.js';
import type { Column } from '../columns/column.js';
import type { Predictor } from '../network/predictor.js';
import type { Columns } from '../tables/columns.js';
import { invalidVersion, parseFile } from './card.js';

/** Rows of the probe batch. */
const PROBE_ROWS = 16;
/** Maximum deviation of a replay, relative to the value plus one standard deviation. */
const PROBE_TOLERANCE = 1e-4;

/** A self-test batch: rows, and the model's answers when it was trained. Proves that an engine computes what the trainer did. */
const Probe = Type.Object({
  /** `[PROBE_ROWS, features]` in raw units or codes: drawn from scaler and columns, so that no row of the data is disclosed. */
  rows: Type.Array(Type.Number()),
  /** `[PROBE_ROWS, targets]` in target units. */
  outputs: Type.Array(Type.Number()),
  /** `[PROBE_ROWS]` */
  errors: Type.Array(Type.Number(), { minItems: 1 }),
});
export type Probe = Static<typeof Probe>;

/** Makes a probe. Throws `TRAINING_DIVERGED` if an answer is not finite: such a version could not be opened. */
export function makeProbe(predictor: Predictor): Probe {
  const { features, columns } = predictor.scalers;
  const { mean, scale } = features;
  const random = createRandom(0);
  const rows = new Float32Array(PROBE_ROWS * mean.length);
  for (let i = 0; i < rows.length; i++) {
    const j = i % mean.length;
    const normal = mean[j]! + scale[j]! * random.normal();
    rows[i] = columns ? codeLike(columns[j]!, normal, random) : normal;
  }
  const { outputs, errors } = predictor.predict(rows, PROBE_ROWS);
  const probe = {
    rows: Array.from(rows),
    outputs: Array.from(outputs),
    errors: Array.from(errors.subarray(0, PROBE_ROWS)),
  };
  if (![probe.rows, probe.outputs, probe.errors].flat().every(Number.isFinite)) {
    throw new DomainError(
      'TRAINING_DIVERGED',
      'the trained model predicts numbers that float32 cannot hold for rows like those it was trained on',
    );
  }
  return probe;
}

/** Draws a code: a number is near its mean; of a category, any level, or a new one. */
function codeLike(column: Column, normal: number, random: Random): number {
  if (column.type === 'category') return random.below(column.levels.length + 1);
  if (column.type === 'boolean') return random.below(2);
  return column.type === 'timestamp' ? Math.round(normal) : normal;
}

/** Parses a probe. Throws `INVALID_VERSION` if it does not fit the model or has no rows, which would prove nothing. */
export function parseProbe(content: Uint8Array, { features, targets }: Columns): Probe {
  const value = parseFile('probe.json', content);
  if (!Value.Check(Probe, value)) throw invalidVersion('probe.json: expected rows, outputs and errors');
  const { rows, outputs, errors } = value;
  if (rows.length !== errors.length * features.length || outputs.length !== errors.length * targets.length) {
    throw invalidVersion('probe.json: its numbers are not those of one batch of this model');
  }
  return value;
}

/**
 * Replays a probe. Returns the maximum deviation of the answers, relative to each plus one standard deviation. Throws
 * `INVALID_VERSION` with the first number that deviates by more than `PROBE_TOLERANCE`.
 */
export function verifyProbe(predictor: Predictor, probe: Probe): number {
  const { outputs, errors } = predictor.predict(Float32Array.from(probe.rows), probe.errors.length);
  const { scale } = predictor.scalers.targets;
  let deviation = 0;
  probe.outputs.forEach((expected, i) => {
    deviation = Math.max(deviation, compare(`outputs[${i}]`, outputs[i]!, expected, scale[i % scale.length]!));
  });
  probe.errors.forEach((expected, i) => {
    deviation = Math.max(deviation, compare(`errors[${i}]`, errors[i]!, expected, 1));
  });
  return deviation;
}

function compare(place: string, actual: number, expected: number, unit: number): number {
  const deviation = Math.abs(actual - expected) / (Math.abs(expected) + unit);
  if (deviation <= PROBE_TOLERANCE) return deviation;
  throw invalidVersion(
    `probe.json: ${place} was ${expected} when the model was trained, and is ${actual} on this engine`,
  );
}
