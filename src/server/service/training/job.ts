import type { ErrorCode } from '../../../base/domain-error.js';
import type { Phases } from '../../../base/node/phase-clock.js';
import type { TrainingOptions } from '../../../model/training/training-options.js';
import type { Gate } from '../../../model/versions/gate-decision.js';
import type { Epoch, Metrics } from '../../../model/versions/metrics.js';
import type { ShadowReport } from './shadow-report.js';

export type JobState = 'running' | 'succeeded' | 'failed' | 'cancelled';

/** One training, as `GET /train/<id>` tells it. */
export interface Job {
  readonly id: string;
  state: JobState;
  readonly created_at: string;
  finished_at: string | null;
  /** Since its creation, in seconds. */
  seconds: number;
  /** If no early stop comes; null before the first epoch and at the end. */
  seconds_left: number | null;
  /** Seconds of each part, once it has ended well: where its time went. */
  phases: Phases;
  readonly options: TrainingOptions;
  readonly rows: number;
  readonly dropped: number;
  /** The latest epoch; 0 before the first has ended. */
  epoch: number;
  readonly history: Epoch[];
  metrics: Metrics | null;
  /** The version it became, if it did. */
  model_version: string | null;
  /** Whether that may serve; while it still answers in the shadow, if nothing comes between. */
  gate: Gate | null;
  shadow: ShadowReport | null;
  error: { readonly code: ErrorCode; readonly message: string } | null;
}
