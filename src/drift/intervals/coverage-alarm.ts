import { type Static, Type } from 'typebox';
import type { TestedCoverage } from './coverage-window.js';

/** The labelled rows that raised an alarm, and how many of them the intervals cover. */
export const CoverageAlarm = Type.Object({
  rows: Type.Integer({ description: 'labelled rows of the window' }),
  target: Type.String(),
  level: Type.Number({ description: 'the share of true values that the intervals are to cover' }),
  coverage: Type.Number({ description: 'the share that they cover' }),
  p_value: Type.Number({ description: 'corrected for the number of tests' }),
  words: Type.String(),
});
export type CoverageAlarm = Static<typeof CoverageAlarm>;

/** Describes a window whose strongest test has a p-value below `threshold`. */
export function describeAlarm(tested: TestedCoverage, threshold: number, targets: readonly string[]): CoverageAlarm {
  const { target, level, coverage } = tested.strongest!;
  return {
    rows: tested.counts.rows,
    target: targets[target]!,
    level,
    coverage,
    p_value: Math.exp(tested.logP),
    words: describeCoverage(tested, threshold, targets, [target]).join('; '),
  };
}

/** Says of some targets where coverage is lower or higher than chance explains: the level with the strongest evidence. */
export function describeCoverage(
  { counts, evidence }: TestedCoverage,
  threshold: number,
  targets: readonly string[],
  among = targets.map((_, j) => j),
): string[] {
  const limit = Math.log(threshold / evidence.length);
  return among.flatMap((j) => {
    const own = evidence.filter(({ target }) => target === j);
    const [low] = own.filter(({ matters, logP }) => matters && logP < limit).sort((a, b) => a.logP - b.logP);
    if (low) return [`${targets[j]}: ${figures(low)} of the latest ${counts.rows} labelled rows`];
    const [wide] = own.filter(({ isWide, logWide }) => isWide && logWide < limit).sort((a, b) => a.logWide - b.logWide);
    return wide
      ? [
          `${targets[j]}: ${figures(wide)} of the latest ${counts.rows} labelled rows: they are wider than they need to be`,
        ]
      : [];
  });
}

function figures({ level, coverage }: { readonly level: number; readonly coverage: number }): string {
  return `intervals that are to cover ${percent(level)} cover ${percent(coverage)}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
