import { sumOf } from '../../model/baseline/bins.js';
import { smoothBins } from '../window/smooth-test.js';

/** Findings about a feature or prediction in a window. */
export interface Findings {
  readonly window: readonly number[];
  readonly baseline: readonly number[];
  /** Shares of the window's rows. */
  readonly below: number;
  readonly above: number;
  readonly missing: number;
  /** Difference of means in the baseline's standard deviations. */
  readonly meanShift: number;
  /** The tests that raised an alarm. */
  readonly alarms: Readonly<Record<'bins' | 'range' | 'missing' | 'conditional', boolean>>;
}

/** Limits of the mean squared distance from the middle rank, relative to the baseline's, beyond which it is reported. */
const WIDER = 1.15;
const NARROWER = 0.85;
/** A share of rows in one bin that is reported if the baseline has less than half of it there. */
const STUCK = 0.9;

/** Describes in plain words what changed, for example `38 % of rows above the reference range`. Empty if no change is known. */
export function describe(findings: Findings): string {
  const { alarms, missing, above, below } = findings;
  const words: string[] = [];
  if (alarms.missing) words.push(`${percent(missing)} of rows missing`);
  if (alarms.range && above > 0) words.push(`${percent(above)} of rows above the reference range`);
  if (alarms.range && below > 0) words.push(`${percent(below)} of rows below the reference range`);
  if (alarms.bins) words.push(describeBins(findings));
  if (alarms.conditional && words.length === 0) words.push('no longer depends on the other features as before');
  return words.join(', ');
}

function describeBins({ window, baseline, meanShift }: Findings): string {
  const n = sumOf(window);
  const m = sumOf(baseline);
  const fullest = Math.max(...window);
  const bin = window.indexOf(fullest);
  if (fullest >= STUCK * n && baseline[bin]! / m < (0.5 * fullest) / n) {
    return `${percent(fullest / n)} of rows in the range that held ${percent(baseline[bin]! / m)}`;
  }
  const shift = smoothBins(window, baseline)[0]?.shift ?? 0;
  if (Math.abs(shift) >= 0.1) {
    const agrees = Math.sign(meanShift) === Math.sign(shift) && Math.abs(meanShift) < 100;
    return `${shift > 0 ? 'higher' : 'lower'}${agrees ? ` by ${Math.abs(meanShift).toFixed(2)} standard deviations` : ''}`;
  }
  const spread = rankSpread(window, baseline);
  if (spread > WIDER) return 'more spread out';
  if (spread < NARROWER) return 'less spread out';
  return 'differently distributed';
}

/** The mean squared distance of the window's rows from the baseline's middle rank, relative to that of the baseline's own rows. */
function rankSpread(window: readonly number[], baseline: readonly number[]): number {
  const m = sumOf(baseline);
  let before = 0;
  let windowSpread = 0;
  let baselineSpread = 0;
  baseline.forEach((count, k) => {
    const off = (before + count / 2) / m - 0.5;
    windowSpread += (window[k]! / sumOf(window)) * off * off;
    baselineSpread += (count / m) * off * off;
    before += count;
  });
  return baselineSpread > 0 ? windowSpread / baselineSpread : 1;
}

function percent(share: number): string {
  return `${share > 0 && share < 0.01 ? '< 1' : Math.round(100 * share)} %`;
}
