import { DomainError } from '../../../base/domain-error.js';
import { storageError } from '../../../base/files/storage-error.js';
import { Child } from '../../../base/node/child-process.js';
import { PhaseClock } from '../../../base/node/phase-clock.js';
import type { Epoch } from '../../versions/metrics.js';
import {
  type SearchMessage,
  STOP_SEARCH,
  type Trained,
  type TrainerMessage,
  type TrainingRequest,
} from './trainer-messages.js';

/** Follows the search of a training. */
export interface SearchFollower {
  onMessage(message: SearchMessage): void;
  /** Ends the search: the training goes on with the best options so far. */
  readonly stop: AbortSignal;
}

/**
 * Trains in a child process, so that neither its run time nor a crash affects this one.
 *
 * Rejects with the child's own domain error, with `TRAINING_CRASHED` if it exited without one, and with `TRAINING_CANCELLED`
 * if `signal` was aborted, once the child has exited.
 */
export async function runTraining(
  request: TrainingRequest,
  onEpoch: (epoch: Epoch) => void,
  signal: AbortSignal,
  search?: SearchFollower,
): Promise<Trained> {
  if (signal.aborted) throw cancelled();
  const clock = new PhaseClock();
  let verdict: Extract<TrainerMessage, { type: 'done' | 'failed' }> | undefined;
  const onMessage = (message: TrainerMessage) => {
    if (message.type === 'epoch') return onEpoch(message.epoch);
    if (message.type === 'done' || message.type === 'failed') {
      clock.end('process');
      verdict = message;
    } else {
      search?.onMessage(message);
    }
  };
  // The child need not exit in an orderly way: its stage is thrown away.
  const child = new Child('trainer-process.js', onMessage, { signal });
  child.send(request);
  const stopSearch = () => child.send({ type: STOP_SEARCH });
  search?.stop.addEventListener('abort', stopSearch, { once: true });
  const { reason, output } = await child.exit.catch((cause) => {
    throw (
      storageError(cause) ?? new DomainError('TRAINING_CRASHED', 'the training process could not be run', { cause })
    );
  });
  search?.stop.removeEventListener('abort', stopSearch);
  clock.end('exit');
  if (signal.aborted) throw cancelled();
  if (!verdict) {
    throw new DomainError('TRAINING_CRASHED', `the training process exited early: ${reason}`, {
      cause: new Error(output),
    });
  }
  if (verdict.type === 'failed') throw new DomainError(verdict.code, verdict.message);
  const { type: _, phases, ...trained } = verdict;
  // The rest of the child's time is its start. So phases do not overlap.
  const work = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0);
  return { ...trained, phases: { start: clock.phases['process']! - work, ...phases, exit: clock.phases['exit']! } };
}

function cancelled(): DomainError {
  return new DomainError('TRAINING_CANCELLED', 'the training was cancelled');
}
