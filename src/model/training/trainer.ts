import { DomainError, type ErrorCode } from '../../base/domain-error.js';
import { Child } from '../../base/node/child-process.js';
import { PhaseClock, type Phases } from '../../base/node/phase-clock.js';
import type { EngineName } from '../network/engine.js';
import type { Metrics } from './evaluation.js';
import type { Gate } from './gate.js';
import type { GateRequest } from './serving-model.js';
import type { Epoch, TrainingOptions } from './training.js';

/** What the child is asked to do: train on `<stage>/table`, judge what comes of it, and write `<stage>/version`. */
export interface TrainingRequest {
  readonly stage: string;
  readonly engine: EngineName;
  readonly options: TrainingOptions;
  readonly gate: GateRequest;
}

/** What a training has come to. */
export interface Trained {
  readonly metrics: Metrics;
  readonly bestEpoch: number;
  readonly gate: Gate;
  readonly phases: Phases;
}

/** What the child tells. */
export type TrainerMessage =
  | { readonly type: 'epoch'; readonly epoch: Epoch }
  | ({ readonly type: 'done' } & Trained)
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };

/**
 * Trains in a child process, so that neither the time it takes nor its crash touches this one.
 *
 * Rejects with the child's own domain error, with `TRAINING_CRASHED` if it died without a word, and with
 * `TRAINING_CANCELLED` if `signal` was aborted, after the child is gone.
 */
export async function runTraining(
  request: TrainingRequest,
  onEpoch: (epoch: Epoch) => void,
  signal: AbortSignal,
): Promise<Trained> {
  if (signal.aborted) throw cancelled();
  const clock = new PhaseClock();
  let verdict: Verdict | undefined;
  const onMessage = (message: TrainerMessage) => {
    if (message.type === 'epoch') {
      onEpoch(message.epoch);
      return;
    }
    clock.end('process');
    verdict = message;
  };
  // The child need not exit in an orderly way: its stage is thrown away.
  const child = new Child('trainer-process.js', onMessage, { signal });
  child.send(request);
  const { reason, output } = await child.exit.catch((cause) => {
    throw new DomainError('TRAINING_CRASHED', 'the training process could not be started', { cause });
  });
  clock.end('exit');
  if (signal.aborted) throw cancelled();
  if (!verdict) {
    throw new DomainError('TRAINING_CRASHED', `the training process ended early: ${reason}`, {
      cause: new Error(output),
    });
  }
  if (verdict.type === 'failed') throw new DomainError(verdict.code, verdict.message);
  const { metrics, bestEpoch, gate, phases } = verdict;
  // Time that the child does not account for was its start: measured so, no phase overlaps another.
  const work = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0);
  return {
    metrics,
    bestEpoch,
    gate,
    phases: { start: clock.phases['process']! - work, ...phases, exit: clock.phases['exit']! },
  };
}

type Verdict = Exclude<TrainerMessage, { type: 'epoch' }>;

function cancelled(): DomainError {
  return new DomainError('TRAINING_CANCELLED', 'the training was cancelled');
}
