import { createRandom, type Random, shuffle } from '../../../base/statistics/random.js';
import type { EngineFactory } from '../../network/engine.js';
import { weightCount } from '../../network/shape.js';
import type { Card } from '../../versions/card.js';
import { MAX_DEPENDENCES, MAX_IMPORTANCES, MAX_POINTS } from '../../versions/importance.js';
import type { TrainingResult } from '../training.js';
import { ColumnPasses, passProducts } from './column-passes.js';
import { partialDependence } from './partial-dependence.js';
import { type ColumnImportance, permutationImportance } from './permutation-importance.js';

/** Shuffles of each column: as many as in scikit-learn, and more where rows are few. */
const MIN_REPEATS = 5;
const MAX_REPEATS = 10;
/** Multiplications that all shuffles may take: a fifth of a second of the kernel, and as long by TensorFlow.js, which is slower. */
const MAX_PRODUCTS = { kernel: 8e8, other: 1e8 };
/** The same as a share of those of the training's epochs, and for the shortest training. */
const SHARE_OF_TRAINING = 0.015;
const MIN_PRODUCTS = 1e8;
/** Rows on which each column is measured at least, unless fewer are held out or the network is very large. */
const MIN_ROWS = 50;
const FEWEST_ROWS = 10;
/** Rows on which a short list of columns is chosen, at most. */
const SHORT_LIST_ROWS = 32;
/** Rows of a partial dependence, at most. */
const MAX_DEPENDENCE_ROWS = 200;
/** How many multiplications of the engine take as long as one in JavaScript. */
const SLOWER = 8;

/**
 * Measures what matters to a trained model overall, on its held-out rows: the importance of its columns, and how its predictions depend
 * on the most important. Counts decide how many rows are used, not the clock: the same seed gives the same result. Returns nothing if
 * fewer than two rows are held out.
 */
export function whatMatters(
  createEngine: EngineFactory,
  trained: TrainingResult,
  features: readonly string[],
  seed: number,
): Pick<Card, 'importance' | 'partial_dependence'> {
  const { heldOut, scalers } = trained;
  if (heldOut.rows < 2) return {};
  const { rows, repeats, shortListRows, dependenceRows } = bounds(trained, features.length);
  // A stream of its own, so that the training's remains as it is.
  const random = createRandom(seed ^ 0x1b873593);
  using passes = new ColumnPasses(createEngine, trained, heldOut.features, rows);
  const permutations = Array.from({ length: repeats }, () => permutation(rows, random));
  const places = shortList(passes, features.length, permutations[0]!, shortListRows);
  const measured = permutationImportance(passes, heldOut, scalers.targets.scale, places, permutations);
  const unlisted = features.length - places.length;
  const columns = measured.columns.map((each) => listed(each, features[each.column]!));
  const dependences = [];
  for (const { column, increase } of measured.columns) {
    if (dependences.length === MAX_DEPENDENCES || !(increase > 0)) break;
    const codes = Float32Array.from(
      { length: heldOut.rows },
      (_, r) => heldOut.features[r * features.length + column]!,
    );
    const type = scalers.columns?.[column];
    const dependence = partialDependence(passes, column, features[column]!, type, codes, dependenceRows);
    if (dependence) dependences.push({ ...dependence, predictions: dependence.predictions.map((p) => p.map(short)) });
  }
  return {
    importance: { rmse: short(measured.rmse), rows, repeats, columns, unlisted },
    partial_dependence: dependences,
  };
}

/** Returns on how many rows, and how often, `features` columns can be measured, and on how many rows the rest is done. */
function bounds({ engine, shape, history, trainingRows, heldOut }: TrainingResult, features: number) {
  const epoch = (3 * trainingRows + heldOut.rows) * weightCount(shape);
  const training = SHARE_OF_TRAINING * history.length * epoch;
  const max = MAX_PRODUCTS[engine === 'kernel' ? 'kernel' : 'other'];
  const products = Math.min(max, Math.max(MIN_PRODUCTS, training));
  const row = passProducts(shape);
  const pass = Math.min(features, MAX_IMPORTANCES) * row;
  const preparation = 2 * SLOWER * shape.inputs * (shape.hidden[0] ?? shape.outputs);
  const fitting = (limit: number) => Math.floor(limit / (MIN_REPEATS * pass + preparation));
  const wanted = Math.max(fitting(products), Math.min(MIN_ROWS, fitting(max)));
  const rows = Math.min(heldOut.rows, Math.max(FEWEST_ROWS, wanted));
  const repeats = Math.floor((products / rows - preparation) / pass);
  const part = (most: number, each: number) => Math.min(rows, most, Math.max(FEWEST_ROWS, Math.floor(max / 4 / each)));
  return {
    rows,
    repeats: Math.min(MAX_REPEATS, Math.max(MIN_REPEATS, repeats)),
    shortListRows: part(SHORT_LIST_ROWS, features * row),
    dependenceRows: part(MAX_DEPENDENCE_ROWS, MAX_DEPENDENCES * (MAX_POINTS + 1) * row),
  };
}

/** Returns the columns to measure: of many, those whose shuffle changes the predictions most. */
function shortList(passes: ColumnPasses, features: number, order: Int32Array, rows: number): number[] {
  const all = Array.from({ length: features }, (_, column) => column);
  if (features <= MAX_IMPORTANCES) return all;
  const identity = order.map((_, row) => row);
  const first = passes.parts(0);
  const before = passes.forward(first, first, identity, rows);
  const changes = all.map((column) => {
    const own = passes.parts(column);
    return passes.forward(own, own, order, rows).reduce((sum, output, i) => sum + (output - before[i]!) ** 2, 0);
  });
  return all.sort((a, b) => changes[b]! - changes[a]!).slice(0, MAX_IMPORTANCES);
}

function permutation(rows: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  shuffle(order, random);
  return order;
}

function listed({ increase, deviation, standard_error, targets }: ColumnImportance, name: string) {
  const figures = (of: Pick<ColumnImportance, 'increase' | 'deviation' | 'standard_error'>) => ({
    increase: short(of.increase),
    deviation: short(of.deviation),
    standard_error: short(of.standard_error),
  });
  return {
    name,
    ...figures({ increase, deviation, standard_error }),
    ...(targets.length > 1 && { targets: targets.map(figures) }),
  };
}

/** Float32 has no more digits. */
function short(value: number): number {
  return Number(value.toPrecision(7));
}
