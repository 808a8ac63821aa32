import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import {
  type ErrorModel,
  MAX_DISTANCE,
  MAX_UNSEEN,
  shareDistance,
} from '../../model/baseline/errors/expected-errors.js';
import { sumOf } from '../../model/baseline/sketches/bins.js';
import type { RowCounts } from '../counts/row-counts.js';
import { ABOVE, BELOW, MISSING } from '../rows/row-reader.js';
import { MIN_ROWS } from '../window/window-test.js';

const Bounded = Type.Object({
  estimate: Type.Number(),
  low: Type.Number({ description: 'lower end of a 95 % interval' }),
  high: Type.Number(),
});
type Bounded = Static<typeof Bounded>;

const ExpectedErrors = Type.Object({ rmse: Bounded, mae: Bounded });
type ExpectedErrors = Static<typeof ExpectedErrors>;

/** What the prediction errors of the traffic probably are, without labels. */
export const ExpectedErrorReport = Type.Object({
  rows: Type.Integer({ description: 'rows of the window that the estimate is made of: the latest that was tested' }),
  targets: nullable(Type.Record(Type.String(), ExpectedErrors), {
    description: 'null if the errors cannot be estimated',
  }),
  reason: nullable(Type.String(), { description: 'why the errors cannot be estimated' }),
});
export type ExpectedErrorReport = Static<typeof ExpectedErrorReport>;

/** The deviate of a 95 % interval. */
const DEVIATE = 1.96;

/** Estimates the errors of a window's rows from its bins. */
export function expectErrors(baseline: Baseline, tally: RowCounts): ExpectedErrorReport {
  const { rows } = tally;
  const unknown = (reason: string) => ({ rows, targets: null, reason });
  const models = baseline.expected_errors;
  if (!models)
    return unknown(
      'the baseline has no model of the errors: its version is older, has fewer than 200 held-out rows, or too many columns',
    );
  if (rows < MIN_ROWS) return unknown(`too few rows: a window of at least ${MIN_ROWS} is needed`);
  for (const [j, { name, missing, watched }] of baseline.features.entries()) {
    const outside = (tally.placed(j, BELOW) + tally.placed(j, ABOVE)) / rows;
    if (outside > MAX_UNSEEN && watched?.type === 'category')
      return unknown(`${percent(outside)} of rows have a level of ${name} that the training did not have`);
    if (outside > MAX_UNSEEN)
      return unknown(`${percent(outside)} of rows have a ${name} outside the range of the held-out rows`);
    const absent = tally.placed(j, MISSING) / rows;
    if (absent - missing / baseline.rows > MAX_UNSEEN) return unknown(`${percent(absent)} of rows have no ${name}`);
  }
  const { distance, name } = farthestRelation(tally);
  if (distance > MAX_DISTANCE) return unknown(brokenRelation(name));
  const root = ({ estimate, low, high }: Bounded): Bounded => ({
    estimate: Math.sqrt(estimate),
    low: Math.sqrt(low),
    high: Math.sqrt(high),
  });
  const targets = models.map(({ squared, absolute }, j): [string, ExpectedErrors] => [
    baseline.outputs[j]!.name,
    {
      rmse: root(estimateMean(baseline, squared, tally, distance)),
      mae: estimateMean(baseline, absolute, tally, distance),
    },
  ]);
  // An interval from 0 on says nothing.
  if (targets.some(([, { rmse }]) => rmse.low === 0)) return unknown(brokenRelation(name));
  return { rows, targets: Object.fromEntries(targets), reason: null };
}

/** How far the relations of the features have moved from the held-out rows', and where most. */
function farthestRelation(tally: RowCounts): { distance: number; name: string } {
  return tally.channels
    .filter(({ kind }) => kind === 'error' || kind === 'conditional')
    .map((channel) => ({ distance: shareDistance(tally.binsOf(channel), channel.bins.counts), name: channel.name }))
    .reduce((farthest, one) => (one.distance > farthest.distance ? one : farthest));
}

/**
 * The mean error of the window's rows: that of the held-out rows, and the effects of the bins that are fuller or emptier. Its
 * variance has three parts: the window's own rows; the held-out rows, which are effectively fewer, m / (1 + D), where the
 * window's rows are many; and the misfit of the model where relations are broken.
 */
function estimateMean(
  baseline: Baseline,
  { mean, variance, misfit, channels }: ErrorModel,
  tally: RowCounts,
  relation: number,
): Bounded {
  let change = 0;
  let farthest = 0;
  for (const { channel, effects } of channels) {
    const { bins } = tally.channels[channel]!;
    const window = tally.binsOf(tally.channels[channel]!);
    const [n, m] = [sumOf(window), sumOf(bins.counts)];
    if (n === 0) continue;
    bins.counts.forEach((count, k) => {
      change += (window[k]! / n - count / m) * effects[k]!;
    });
    farthest = Math.max(farthest, shareDistance(window, bins.counts));
  }
  const noise = 1 / tally.rows + (1 + farthest) / baseline.rows;
  const spread = (furthest: number) =>
    Math.sqrt(variance) * (DEVIATE * Math.sqrt(noise) + furthest * Math.sqrt(relation));
  const estimate = Math.max(0, mean + change);
  return { estimate, low: Math.max(0, estimate - spread(misfit.below)), high: estimate + spread(misfit.above) };
}

function brokenRelation(name: string): string {
  const where = name === 'reconstruction_error' ? 'by their reconstruction error' : `most of all ${name}`;
  return `the features no longer depend on each other as in the held-out rows, ${where}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
