import { finish, type Steps } from '../../base/steps.js';
import type { Baseline } from '../../model/baseline/baseline.js';
import { changedRows, type RecentSample, readableRows, readRows } from '../changes/changed-rows.js';
import { timeBeyond } from '../changes/time-beyond.js';
import type { Charts } from '../counts/charts.js';
import { RecentRows } from '../counts/recent-rows.js';
import type { RowCounts } from '../counts/row-counts.js';
import type { GuardCharts } from '../guards/guard-charts.js';
import { reportGuards } from '../guards/guard-report.js';
import type { Channel, Group } from '../rows/channels.js';
import type { RowReader } from '../rows/row-reader.js';
import { testWindow, type WindowTest } from '../window/window-test.js';
import type { AlarmEvidence } from './alarm-evidence.js';
import type { Cause } from './alarms.js';
import type { ColumnReport } from './column-report.js';
import { type ExtremeInput, extremeInput } from './extreme-input.js';
import { scoreOf } from './raised-score.js';
import { errorShift, reportColumns, reportWindow, type WindowReport } from './report.js';

/** Fewer rows in memory, shortly after a restart, describe no alarm: the charts do, whose state was stored. */
const MIN_EVIDENCE_ROWS = 5;
/** Columns of an alarm's evidence that are retained. */
const EVIDENCE_COLUMNS = 50;

/** What evidence is gathered from. */
interface EvidenceParts {
  readonly baseline: Baseline;
  readonly channels: readonly Channel[];
  readonly charts: Charts;
  readonly guards: GuardCharts;
  readonly reader: RowReader;
  readonly recent: RecentRows;
  readonly windowAlpha: number;
  /** `[channels]`, of windows. */
  readonly designEffects: Float64Array;
}

/** Describes the rows of an alarm by their values, which are in memory only when it is raised. */
export class EvidenceGatherer {
  private readonly parts: EvidenceParts;

  constructor(parts: EvidenceParts) {
    this.parts = parts;
  }

  /** Reports a tested window with its values, the latest `values`. */
  describe(tested: RowCounts, values: RecentRows, test: WindowTest, testedAt: number | null): WindowReport {
    const { baseline, reader, channels } = this.parts;
    const rows = readableRows(values, baseline.features.length, tested.rows);
    const sample = readRows(values, rows, reader, channels);
    return reportWindow(baseline, 'latest', tested, test, testedAt, true, sample);
  }

  /**
   * Gathers what an alarm of `group` is raised on, in steps: all of them take up to a second. The first step takes all that later
   * rows change. `tested`: the window that was tested last.
   */
  *gather(group: Group, cause: Cause, tested: RowCounts, latestTest: WindowTest | undefined): Steps<AlarmEvidence> {
    const { baseline, channels, charts, guards, reader, recent, windowAlpha } = this.parts;
    const c = channels.findIndex(({ kind, name }) => kind === cause.kind && name === cause.name);
    const score = scoreOf(group, cause.by, c, charts, guards, latestTest);
    const guard =
      group === 'guards' && cause.by === 'chart'
        ? reportGuards(guards).find(({ kind, name }) => kind === cause.kind && name === cause.name)
        : undefined;
    const designEffects = this.parts.designEffects.slice();
    const { covered } = tested;
    const readable = readableRows(recent, baseline.features.length, cause.by === 'window' ? tested.rows : recent.count);
    let tally = cause.by === 'window' ? tested : charts.tally();
    let sample: RecentSample | undefined;
    let input: ExtremeInput | undefined;
    if (readable >= MIN_EVIDENCE_ROWS) {
      const rows = new RecentRows(reader.features, reader.outputs);
      rows.copyFrom(recent);
      yield;
      // Only a whole window shows a cycle.
      const changed = channels[c]?.isCycle ? readable : yield* changedRows(rows, readable, reader, baseline, channels);
      sample = readRows(rows, changed, reader, channels);
      tally = sample.tally;
      if (cause.by === 'window') tally.covered = covered;
      else input = extremeInput(cause, rows, changed, guards.columns);
      yield;
    }
    const test = testWindow(baseline, tally, windowAlpha, designEffects, MIN_EVIDENCE_ROWS);
    const described = { ...score, rows: tally.rows, error_shift: errorShift(baseline, tally) ?? 0 };
    const named = guard && cause.kind === 'feature' ? { name: cause.name, words: guard.words } : input;
    // A few rows say little of the others: without more evidence, they alone are described.
    const reporting = reportColumns(baseline, tally, test, sample, { first: named?.name, isCause: !named });
    // What counts a window is reused by the next one.
    const reported = sample ? yield* reporting : finish(reporting);
    const columns = reported.map((one) => {
      const isNamed = one.kind === 'feature' && one.name === named?.name;
      const words = isNamed
        ? named?.words
        : one.kind === cause.kind && one.name === cause.name
          ? guard?.words
          : undefined;
      return { ...one, words: one.words || (words ?? '') };
    });
    const ordered = named ? columns : this.timeFirst(columns, cause, sample);
    return { ...described, columns: ordered.slice(0, EVIDENCE_COLUMNS) };
  }

  /** Moves a timestamp first beyond whose held-out rows the model extrapolates, where that may be what changed its results. */
  private timeFirst(columns: ColumnReport[], { kind }: Cause, sample: RecentSample | undefined): ColumnReport[] {
    if (!sample || (kind !== 'error' && kind !== 'output')) return columns;
    const beyond = timeBeyond(this.parts.baseline, sample.columns);
    const [own] = columns.filter(({ name }) => name === beyond?.name);
    if (!beyond || !own) return columns;
    const words = [own.words, beyond.words].filter((one) => one !== '').join(', ');
    return [{ ...own, words }, ...columns.filter((column) => column !== own)];
  }
}
