import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import { changedTypes, recoder, valuesOfCodes } from '../columns/recode.js';
import type { EngineFactory } from '../network/engine.js';
import { sameColumns } from '../tables/columns.js';
import type { Card } from './card.js';
import { ComparedImportance, compareImportance } from './compare-importance.js';
import type { Probe } from './probe.js';
import { openVersion, type VersionFiles } from './version.js';

const METRICS = ['rows', 'prediction_error', 'reconstruction_error', 'baseline_reconstruction_error', 'loss'] as const;
const TARGET_METRICS = ['rmse', 'mae', 'r2', 'baseline_rmse', 'baseline_mae'] as const;

const Side = nullable(Type.Number());
// An array and not a tuple: fast-json-stringify cannot write tuples of unions.
const Pair = Type.Array(Side, { minItems: 2, maxItems: 2 });
const CellValue = nullable(Type.Union([Type.Number(), Type.String(), Type.Boolean()]));
const Rows = Type.Array(Type.Array(Side));
const Difference = Type.Object({ mean: Side, mean_absolute: Side, largest: Side });
type Difference = Static<typeof Difference>;

/** Two versions side by side. Every pair is in the order of the versions' names; null is a value that one lacks. */
export const Comparison = Type.Object({
  metrics: Type.Object(
    {
      ...each(METRICS, () => Pair),
      targets: Type.Record(Type.String(), Type.Object(each(TARGET_METRICS, () => Pair))),
    },
    { description: 'each on the rows that its own training held out' },
  ),
  predictions: nullable(
    Type.Object({
      features: Type.Array(Type.String()),
      targets: Type.Array(Type.String()),
      rows: Type.Array(Type.Array(CellValue), {
        description:
          '[rows, features]: the probe rows of both; null is a gap, or a level that its version does not know',
      }),
      outputs: Type.Array(Rows, { minItems: 2, maxItems: 2, description: '[rows, targets] of each' }),
      difference: Type.Record(Type.String(), Difference, {
        description: 'second minus first, by target, in its unit',
      }),
    }),
    { description: 'null if they have other features, types or targets' },
  ),
  importance: ComparedImportance,
});
export type Comparison = Static<typeof Comparison>;

/** Opens, verifies and compares two versions. Throws `INVALID_VERSION`. */
export function compareVersions(a: VersionFiles, b: VersionFiles, createEngine: EngineFactory): Comparison {
  using first = openVersion(a, createEngine);
  using second = openVersion(b, createEngine);
  return {
    metrics: compareMetrics(first.card, second.card),
    predictions: comparePredictions(first, second),
    importance: compareImportance(first.card, second.card),
  };
}

function compareMetrics({ metrics: a }: Card, { metrics: b }: Card): Comparison['metrics'] {
  const targets = [...new Set([...Object.keys(a.targets), ...Object.keys(b.targets)])];
  const target = (name: string) =>
    each(TARGET_METRICS, (metric) => [a.targets[name]?.[metric] ?? null, b.targets[name]?.[metric] ?? null]);
  return { ...each(METRICS, (metric) => [a[metric], b[metric]]), targets: each(targets, target) };
}

type Opened = ReturnType<typeof openVersion>;

function comparePredictions(a: Opened, b: Opened): Comparison['predictions'] {
  const { features, targets } = a.card;
  if (!sameColumns(a.card, b.card) || changedTypes(features, a.card.columns, inOrderOf(a.card, b.card)).length > 0)
    return null;
  const [mine, theirs] = [probeRows(a.card, a.probe), probeRows(b.card, b.probe)];
  const rows = [...valuesOf(mine, a.card), ...reorder(valuesOf(theirs, b.card), b.card.features, features)];
  const outputs: [number[][], number[][]] = [
    predict(a, [...mine, ...coded(theirs, b.card, a.card)]),
    reorder(predict(b, [...coded(mine, a.card, b.card), ...theirs]), b.card.targets, targets),
  ];
  const difference = (_: string, k: number) => summary(rows.map((_, i) => outputs[1][i]![k]! - outputs[0][i]![k]!));
  const finite = (side: number[][]) => side.map((row) => row.map(numberOrNull));
  return {
    features: [...features],
    targets: [...targets],
    rows,
    outputs: [finite(outputs[0]), finite(outputs[1])],
    difference: each(targets, difference),
  };
}

/** Returns an object with one value per name. */
function each<K extends string, T>(names: readonly K[], value: (name: K, index: number) => T): Record<K, T> {
  return Object.fromEntries(names.map((name, i) => [name, value(name, i)])) as Record<K, T>;
}

function probeRows({ features }: Card, { rows, errors }: Probe): number[][] {
  return errors.map((_, i) => rows.slice(i * features.length, (i + 1) * features.length));
}

/** Returns the columns of `card` in the order of the features of `like`. */
function inOrderOf({ features }: Card, card: Card): Card['columns'] {
  return card.columns && features.map((name) => card.columns![card.features.indexOf(name)]!);
}

/** Returns rows of `from` in the order and the codes of `to`. */
function coded(rows: readonly number[][], from: Card, to: Card): number[][] {
  const ordered = reorder(rows, from.features, to.features);
  const columns = inOrderOf(to, from);
  if (!columns || !to.columns) return ordered;
  const recode = recoder(columns, to.columns);
  return ordered.map((row) => {
    const codes = Float32Array.from(row);
    recode(codes);
    return Array.from(codes);
  });
}

function valuesOf(rows: readonly number[][], { columns }: Card): Static<typeof CellValue>[][] {
  return columns ? rows.map((row) => valuesOfCodes(columns, row)) : rows.map((row) => [...row]);
}

function predict({ predictor, card }: Opened, rows: readonly number[][]): number[][] {
  const { outputs } = predictor.predict(Float32Array.from(rows.flat()), rows.length);
  const width = card.targets.length;
  return rows.map((_, i) => Array.from(outputs.subarray(i * width, (i + 1) * width)));
}

/** Reorders the columns of each row from the names `from` to the names `to`. */
function reorder<T>(rows: readonly T[][], from: readonly string[], to: readonly string[]): T[][] {
  const index = to.map((name) => from.indexOf(name));
  return rows.map((row) => index.map((i) => row[i]!));
}

function summary(values: readonly number[]): Difference {
  const sizes = values.map(Math.abs);
  const mean = (of: readonly number[]) => numberOrNull(of.reduce((sum, value) => sum + value, 0) / of.length);
  return { mean: mean(values), mean_absolute: mean(sizes), largest: numberOrNull(Math.max(...sizes)) };
}

/** JSON has no infinity, which one version may answer for probe rows far from its own. */
function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
