import type { Promote } from '../../versions/gate-decision.js';

/** What the held-out rows say of a new version, in the gate's metric. */
export interface Findings {
  readonly rows: number;
  readonly promote: Promote;
  readonly tolerance: number;
  readonly candidate: number;
  /** Of the serving version; of the mean if there is none. */
  readonly former: number;
  readonly serving: { readonly version: number; readonly explained: number } | null;
  readonly mean: number;
  /** Null if there is none. */
  readonly ridge: number | null;
  /** Worse than the serving version, or than the mean, by more than the tolerance. */
  readonly isWorse: boolean;
  readonly isBetterThanMean: boolean;
  readonly isWorseThanRidge: boolean;
  /** No better than the mean, nor than the serving version. */
  readonly isUseless: boolean;
  /** Share of the variance explained. */
  readonly explained: number;
  /** It explains almost nothing where the serving version explained much. */
  readonly isUninformative: boolean;
}
