import type { ErrorMonitor } from '../../../drift/feedback/error-monitor.js';
import type { CoverageMonitor } from '../../../drift/intervals/coverage-monitor.js';
import type { DriftMonitor } from '../../../drift/monitor/monitor.js';
import type { RowSample } from '../../../drift/rows/row-sample.js';
import type { Card } from '../../../model/versions/card.js';
import type { StoredBaseline } from './stored-baseline.js';

/** A version whose rows a monitor compares with a baseline. */
export interface MonitoredVersion extends StoredBaseline {
  readonly version: number;
  readonly card: Card;
  readonly monitor: DriftMonitor;
  /** Compares errors on labelled rows; undefined if the baseline does not know those of held-out rows. */
  readonly errors: ErrorMonitor | undefined;
  /** Counts the true values that the intervals cover; undefined for a version without intervals. */
  readonly coverage: CoverageMonitor | undefined;
  /** Rows that a new baseline can be made from. */
  readonly sample: RowSample;
}

/** Returns whether `current` has the baseline of `prepared`, or a later baseline of the same version. */
export function hasSameBaseline(current: MonitoredVersion, prepared: MonitoredVersion): boolean {
  if (current.card.checksum !== prepared.card.checksum || current.version !== prepared.version) return false;
  return current.monitor.hash === prepared.monitor.hash || current.origin.version > prepared.origin.version;
}
