import { createRandom, type Random } from '../../src/base/statistics/random.js';
import type { WindowTest } from '../../src/drift/window/window-test.js';
import type { HeldOut } from '../../src/model/baseline/baseline.js';
import { BONFERRONI_RULE, EVIDENTLY_RULES, psiRule } from './column-rules.js';
import { type Competitor, comparer } from './competitors.js';
import type { Split } from './housing.js';
import { JOINT, JointCalibration } from './joint-calibration.js';
import { WINDOW_ALPHA, WindowMonitor } from './our-monitor.js';
import { Pool } from './pool.js';
import { pcaRule, rawErrorRule } from './reconstruction-rules.js';
import type { BenchShift } from './shifts.js';

export const OURS = 'this monitor';
/** This monitor on the splits where the competitors were tried. */
export const OURS_COMPARED = 'this monitor, on the splits of the rows below';

/** Windows that are drawn until one is counted whole. */
const MAX_DRAWS = 10;

/** Number of alarms of each rule. */
export interface Tries {
  windows: number;
  readonly alarms: Map<string, number>;
  /** For shifts of one feature: windows with an alarm of this monitor, and those whose report names that feature first. */
  named: number;
  right: number;
}

/** Tries windows of the test rows of a split with this monitor and, optionally, competitors and a joint calibration. */
export class WindowTrial {
  private readonly split: Split;
  private readonly monitors = new Map<number, WindowMonitor>();
  private readonly competitors: readonly Competitor[];
  private readonly joint: JointCalibration | undefined;
  private readonly compare: (window: HeldOut) => Parameters<Competitor['detects']>[0];

  constructor(split: Split, withCompetitors: boolean) {
    const { reference, summaries } = split;
    this.split = split;
    this.competitors = withCompetitors
      ? [
          rawErrorRule(reference),
          pcaRule(reference, summaries),
          BONFERRONI_RULE,
          psiRule(reference),
          ...EVIDENTLY_RULES,
        ]
      : [];
    this.joint = withCompetitors ? new JointCalibration(split) : undefined;
    const deviations = summaries.map(({ deviation }) => deviation);
    this.compare = comparer(reference, deviations);
  }

  /** Tries windows of `n` rows without drift. */
  tryQuiet(n: number, windows: number, seed: number): Tries {
    const pool = new Pool(this.split.predict(this.split.test), createRandom(seed));
    const tries = newTries();
    this.tryPool(pool, n, windows, tries);
    return tries;
  }

  /** Tries windows after a shift: `windows` of each size, distributed over the columns of the shift. */
  tryShift(shift: BenchShift, sizes: readonly number[], windows: number, seed: number): Tries[] {
    const random = createRandom(seed);
    const all = sizes.map(newTries);
    for (const j of shift.columns) {
      const pool = new Pool(shifted(this.split, shift, j, random), random);
      sizes.forEach((n, s) => {
        const cause = shift.ofOne ? this.split.names[j] : undefined;
        this.tryPool(pool, n, Math.ceil(windows / shift.columns.length), all[s]!, cause);
      });
    }
    return all;
  }

  private tryPool(pool: Pool, n: number, windows: number, tries: Tries, cause?: string): void {
    const monitor = this.monitors.get(n) ?? new WindowMonitor(this.split.baseline, n);
    this.monitors.set(n, monitor);
    monitor.reset();
    const count = (name: string, alarm: boolean) =>
      tries.alarms.set(name, (tries.alarms.get(name) ?? 0) + Number(alarm));
    for (let i = 0; i < windows; i++) {
      const { window, test } = fullWindow(pool, n, monitor);
      const alarm = test.groups.some((group) => group.alarm);
      tries.windows++;
      count(OURS, alarm);
      if (alarm && cause) {
        tries.named++;
        if (monitor.firstFeature() === cause) tries.right++;
      }
      if (!this.joint) continue;
      count(OURS_COMPARED, alarm);
      count(JOINT, this.joint.isAlarmed(test, WINDOW_ALPHA));
      const comparison = this.compare(window);
      for (const { name, detects } of this.competitors) count(name, detects(comparison));
    }
  }
}

/**
 * Draws a window that the monitor counts whole. Of hundreds of millions of rows some have the hash of one of the 64 before them, and
 * count as its repeat.
 */
function fullWindow(pool: Pool, n: number, monitor: WindowMonitor): { window: HeldOut; test: WindowTest } {
  for (let draws = 0; draws < MAX_DRAWS; draws++) {
    const window = pool.window(n);
    const test = monitor.testIfFull(window);
    if (test) return { window, test };
  }
  throw new Error('a row of each window repeats another: too few rows were counted');
}

/** Returns the test rows after a shift of feature `j`, with their predictions. */
export function shifted(split: Split, shift: BenchShift, j: number, random: Random): HeldOut {
  const rows = split.test.slice();
  shift.change(rows, split.summaries, j, random);
  return split.predict(rows);
}

function newTries(): Tries {
  return { windows: 0, alarms: new Map(), named: 0, right: 0 };
}
