import type { ErrorCode } from '../../../base/domain-error.js';
import type { Phases } from '../../../base/node/phase-clock.js';
import type { EngineName } from '../../engines/load-engine.js';
import type { Baselines } from '../../versions/baselines.js';
import type { Gate } from '../../versions/gate-decision.js';
import type { Epoch, Metrics } from '../../versions/metrics.js';
import type { Search, TrialReport } from '../../versions/search.js';
import type { GateRequest } from '../gate/serving-model.js';
import type { TrainingOptions } from '../training-options.js';

/** Asks the training process to train on `<stage>/table`, judge the model, and write `<stage>/version`. */
export interface TrainingRequest {
  readonly stage: string;
  readonly engine: EngineName;
  readonly options: TrainingOptions;
  readonly gate: GateRequest;
}

/** The result of a training. */
export interface Trained {
  readonly metrics: Metrics;
  readonly baselines: Baselines;
  readonly gate: Gate;
  readonly phases: Phases;
}

/** Asks the training process to end its search with the best so far. */
export const STOP_SEARCH = 'stop search';

/** Sent by the training process while it searches for options. */
export type SearchMessage =
  | { readonly type: 'search'; readonly search: Search }
  | { readonly type: 'trial'; readonly trial: TrialReport; readonly secondsLeft: number | undefined }
  | { readonly type: 'searched'; readonly search: Search; readonly options: TrainingOptions };

/** Sent by the training process. */
export type TrainerMessage =
  | SearchMessage
  | { readonly type: 'epoch'; readonly epoch: Epoch }
  | ({ readonly type: 'done' } & Trained)
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
