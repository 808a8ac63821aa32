import { logChiSquareTail } from '../../base/statistics/chi-square.js';
import { logNormalTail } from '../../base/statistics/normal.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { sumOf } from '../../model/baseline/sketches/bins.js';
import type { RowCounts } from '../counts/row-counts.js';
import { type Channel, GROUPS, type Group } from '../rows/channels.js';
import { ABOVE, BELOW, INSIDE, MISSING } from '../rows/row-reader.js';
import { chiSquareBins, type Histograms, logBinTail, logRareBins, mergeBins } from './bin-tests.js';
import { combineEvidence } from './cauchy-combination.js';
import { stabilityIndex } from './divergence.js';
import { logMissingChange, logMissingTail, logRangeTail } from './guard-tests.js';
import { type SmoothComponent, smoothBins } from './smooth-test.js';

/** The result of one test of a window. */
export interface Evidence {
  readonly group: Group;
  readonly test: 'bins' | 'score' | 'range' | 'missing';
  /** Index of the tested channel; for a guard, that of its feature. */
  readonly channel: number;
  /** ln of the p-value. */
  readonly logP: number;
  /** True if the difference is large enough to matter, however significant it is. */
  readonly matters: boolean;
}

/** A group's outcome: its strongest test against the group's share of the false alarms. */
export interface GroupTest {
  readonly group: Group;
  readonly tests: number;
  /** The p-value below which the group raises its alarm. */
  readonly threshold: number;
  /** ln of the smallest p-value of a test whose difference matters, times the number of tests; at most 0. */
  readonly logP: number;
  readonly alarm: boolean;
  /** The channel with the strongest evidence, or -1 if no difference matters. */
  readonly channel: number;
}

export interface WindowTest {
  readonly rows: number;
  readonly evidence: readonly Evidence[];
  readonly groups: readonly GroupTest[];
}

/**
 * Each group's share of the false alarms. The guards count few rows and hardly use their share. The error is one channel, and
 * mostly detects what the conditional residuals detect.
 */
const SHARES: Readonly<Record<Group, number>> = { features: 0.5, guards: 0.1, error: 0.15, conditional: 0.25 };

/** A window with fewer rows is not tested. */
export const MIN_ROWS = 50;
/** Smaller effects can be significant in a huge window, but are of no consequence. */
const MIN_STABILITY_INDEX = 0.02;
const MIN_SHIFT = 0.1;
const MIN_GUARD_SHARE = 0.005;

/**
 * Tests a window against the baseline. The false alarm probability `alpha` is split among the groups, and evenly among the tests
 * of a group (Bonferroni). `designEffects` `[channels]`: the number of rows that carry the information of one independent row.
 * Returns undefined if the window has fewer than `minRows` rows, which is too few for a verdict.
 */
export function testWindow(
  baseline: Baseline,
  tally: RowCounts,
  alpha: number,
  designEffects: Float64Array,
  minRows = MIN_ROWS,
): WindowTest | undefined {
  if (tally.rows < minRows) return undefined;
  const evidence: Evidence[] = [];
  tally.channels.forEach((channel, c) => {
    evidence.push(...testBins(channel, c, tally, designEffects[c]!, minRows));
    if (channel.kind === 'feature' && !channel.isCycle) {
      // Values beyond every held-out one say something in any order.
      const effect = Math.min(designEffects[c]!, Math.max(1, tally.rows / MIN_ROWS));
      evidence.push(...testGuards(baseline, channel, c, tally, effect));
    }
    if (channel.kind === 'error') evidence.push(...testScore(baseline, c, tally, designEffects[c]!));
  });
  const present = GROUPS.filter((group) => evidence.some((one) => one.group === group));
  return {
    rows: tally.rows,
    evidence,
    groups: present.map((group) => judge(group, evidence, groupAlpha(group, present, alpha))),
  };
}

/** The share of `alpha` that `group` has among the groups `present`. */
export function groupAlpha(group: Group, present: readonly Group[], alpha: number): number {
  return (alpha * SHARES[group]) / present.reduce((sum, one) => sum + SHARES[one], 0);
}

function judge(group: Group, evidence: readonly Evidence[], threshold: number): GroupTest {
  const own = evidence.filter((one) => one.group === group);
  const [first, ...rest] = own.filter(({ matters }) => matters);
  if (!first) return { group, tests: own.length, threshold, logP: 0, alarm: false, channel: -1 };
  const strongest = rest.reduce((best, one) => (one.logP < best.logP ? one : best), first);
  const logP = Math.min(0, strongest.logP + Math.log(own.length));
  return { group, tests: own.length, threshold, logP, alarm: logP < Math.log(threshold), channel: strongest.channel };
}

/** Tests a channel's bins by χ², combined with their smooth components except for the error, whose mean has a test of its own. */
function testBins(channel: Channel, c: number, tally: RowCounts, designEffect: number, minRows: number): Evidence[] {
  if (channel.bins.counts.length < 2 || (channel.isCycle && !tally.covered.has(c))) return [];
  const histograms: Histograms = { window: tally.binsOf(channel), baseline: channel.bins.counts };
  const n = sumOf(histograms.window);
  if (n < minRows) return [];
  if (channel.levels) {
    const matters = stabilityIndex(histograms.window, histograms.baseline) >= MIN_STABILITY_INDEX;
    return [{ group: channel.group, test: 'bins', channel: c, logP: logLevelsTail(histograms, designEffect), matters }];
  }
  const merged = mergeBins(histograms);
  const evidence = (logP: number, matters: boolean): Evidence[] => [
    { group: channel.group, test: 'bins', channel: c, logP, matters },
  ];
  if (merged.baseline.length < 2) {
    const matters = stabilityIndex(histograms.window, histograms.baseline) >= MIN_STABILITY_INDEX;
    return evidence(logRareBins(histograms) / designEffect, matters);
  }
  const chi = chiSquareBins(merged.window, merged.baseline, designEffect);
  const changed = stabilityIndex(merged.window, merged.baseline) >= MIN_STABILITY_INDEX;
  if (channel.group === 'error') return evidence(chi.logP, changed);
  const components = smoothBins(histograms.window, histograms.baseline, designEffect);
  const alone = channel.group === 'conditional' ? 2 : 1;
  return evidence(
    combineEvidence([chi.logP, ...logSmoothTails(components, alone)]),
    changed || components.some(({ shift }) => Math.abs(shift) >= MIN_SHIFT),
  );
}

/**
 * ln p of each of the first `alone` components, and of all components together. When features stop depending on each other, the
 * conditional residuals become wider: their second component has a test of its own.
 */
function logSmoothTails(components: readonly SmoothComponent[], alone: number): number[] {
  const squares = components.map(({ statistic }) => statistic * statistic);
  const together = squares.reduce((total, square) => total + square, 0);
  return [
    ...squares.slice(0, alone).map((square) => logChiSquareTail(square, 1)),
    logChiSquareTail(together, squares.length),
  ];
}

/**
 * ln p of a change of the levels' shares: χ², where rare levels are merged, combined with exact tests of each level. Levels
 * have no order that components could follow.
 */
function logLevelsTail({ window, baseline }: Histograms, designEffect: number): number {
  const merged = mergeBins({ window, baseline });
  const exact = baseline.map((_, k) => logBinTail({ window, baseline }, k) / designEffect);
  const strongest = Math.min(0, Math.log(exact.length) + Math.min(...exact));
  if (merged.baseline.length < 2) return strongest;
  return combineEvidence([chiSquareBins(merged.window, merged.baseline, designEffect).logP, strongest]);
}

/** Tests the number of rows outside the baseline's range, and the number of rows without a value. */
function testGuards(
  baseline: Baseline,
  channel: Channel,
  c: number,
  tally: RowCounts,
  designEffect: number,
): Evidence[] {
  const { bins, missing, watched } = baseline.features[channel.index]!;
  const m = sumOf(bins.counts);
  const hasLevels = watched && watched.type !== 'timestamp';
  // Held-out rows may have levels that the training rows did not have.
  const unseen = hasLevels && watched.type === 'category' ? bins.counts.at(-1)! : 0;
  const independent = (rows: number) => Math.floor(rows / designEffect);
  const outside = tally.placed(channel.index, BELOW) + tally.placed(channel.index, ABOVE);
  const present = outside + tally.placed(channel.index, INSIDE);
  const absent = Math.min(tally.rows, tally.placed(channel.index, MISSING));
  const matters = (rows: number, share: number) => rows / tally.rows - share >= MIN_GUARD_SHARE;
  return [
    {
      group: 'guards',
      test: 'range',
      channel: c,
      logP: hasLevels
        ? logMissingTail(independent(outside), independent(present), unseen, m)
        : present > 0
          ? logRangeTail(independent(outside), independent(present), m)
          : 0,
      matters: matters(outside, hasLevels ? unseen / Math.max(1, m) : 2 / (m + 1)),
    },
    {
      group: 'guards',
      test: 'missing',
      channel: c,
      logP: logMissingChange(independent(absent), independent(tally.rows), missing, m + missing),
      matters: Math.abs(absent / tally.rows - missing / (m + missing)) >= MIN_GUARD_SHARE,
    },
  ];
}

/** Tests the mean normal score of the errors, two-sided: rows closer to the mean have lower errors. */
function testScore({ error }: Baseline, c: number, tally: RowCounts, designEffect: number): Evidence[] {
  if (error.score_variance === 0) return [];
  const shift = tally.scoreSum / tally.rows - error.mean_score;
  const variance = error.score_variance * (1 / tally.rows + 1 / error.sample.rows) * designEffect;
  return [
    {
      group: 'error',
      test: 'score',
      channel: c,
      logP: Math.min(0, Math.LN2 + logNormalTail(Math.abs(shift) / Math.sqrt(variance))),
      matters: Math.abs(shift) >= MIN_SHIFT,
    },
  ];
}
