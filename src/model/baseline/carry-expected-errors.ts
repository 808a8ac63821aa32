import type { Baseline, HeldOut } from './baseline.js';
import { binRows, channelBins, channelsWithLevels, countBins } from './channel-bins.js';
import {
  type ErrorModel,
  type ExpectedErrors,
  fitEffects,
  MAX_DISTANCE,
  MAX_UNSEEN,
  shareDistance,
} from './errors/expected-errors.js';
import { RowRecoder } from './features/row-recoder.js';
import { sumOf } from './sketches/bins.js';

/**
 * Carries the expected errors of `former` over to the bins of `fresh`, a baseline of `rows` without labels: it learns them again
 * from what `former` expects of each row. Returns undefined if `former` does not know what the errors of these rows are.
 */
export function carryExpectedErrors(former: Baseline, fresh: Baseline, rows: HeldOut): ExpectedErrors | undefined {
  const models = former.expected_errors;
  if (!models) return undefined;
  const watched = new RowRecoder(former.features).recode(rows.rows, rows.count);
  if (former.features.some((_, j) => unseenShare(former, rows, watched, j) > MAX_UNSEEN)) return undefined;
  const bins = binRows(former, rows);
  const formerBins = channelBins(former);
  const first = former.features.length + former.outputs.length;
  const isBroken = formerBins.some(({ counts }, c) => {
    return c >= first && shareDistance(countBins(bins, c, formerBins.length, counts.length), counts) > MAX_DISTANCE;
  });
  if (isBroken) return undefined;
  const own = {
    bins: binRows(fresh, rows),
    binCounts: channelBins(fresh).map(({ counts }) => counts.length),
    hasLevels: channelsWithLevels(fresh),
  };
  const carry = (model: ErrorModel): ErrorModel => {
    const errors = expectEach(model, bins, formerBins);
    const effects = fitEffects({ ...own, errors });
    return {
      ...model,
      mean: Math.max(
        0,
        errors.reduce((sum, error) => sum + error / errors.length, 0),
      ),
      channels: effects.flatMap((one, channel) =>
        one ? [{ channel, effects: Array.from(one.subarray(0, own.binCounts[channel]!)) }] : [],
      ),
    };
  };
  return models.map(({ squared, absolute }) => ({ squared: carry(squared), absolute: carry(absolute) }));
}

/** The expected error of each row. Of a single row it may be below 0, of many it is right on average. */
function expectEach(
  { mean, channels }: ErrorModel,
  bins: Uint8Array,
  all: ReturnType<typeof channelBins>,
): Float64Array {
  const errors = new Float64Array(bins.length / all.length).fill(mean);
  for (const { channel, effects } of channels) {
    const { counts } = all[channel]!;
    const centre = counts.reduce((sum, count, k) => sum + count * effects[k]!, 0) / Math.max(1, sumOf(counts));
    for (let r = 0; r < errors.length; r++) errors[r]! += (effects[bins[r * all.length + channel]!] ?? centre) - centre;
  }
  return errors;
}

/** The share of rows whose feature `j` is outside the range of `former`, or missing, beyond that of its held-out rows. */
function unseenShare({ features, rows: all }: Baseline, { count }: HeldOut, rows: Float32Array, j: number): number {
  const { min, max, missing } = features[j]!;
  let unseen = 0;
  for (let at = j; at < count * features.length; at += features.length) {
    if (!(rows[at]! >= min && rows[at]! <= max)) unseen++;
  }
  return unseen / count - missing / all;
}
