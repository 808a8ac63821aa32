import { type ChildProcess, fork } from 'node:child_process';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';
import { PhaseClock, type Phases } from '../../base/node/phase-clock.js';
import { stderrTail } from '../../base/node/stderr-tail.js';
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
  const child = fork(new URL(import.meta.resolve('#built/trainer-process.js')), {
    // The options of this process, such as an inspector's port, are not for the child.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // Nothing of the child is worth a polite end: its stage is thrown away.
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const { verdict, death, lastWords } = await listen(child, request, onEpoch, clock);
    if (signal.aborted) throw cancelled();
    if (!verdict) {
      // Its last words are the cause, for the log: a stack and paths are nothing for a client.
      const cause = new Error(lastWords || 'the process wrote nothing');
      throw new DomainError('TRAINING_CRASHED', `the training process ended early: ${death}`, { cause });
    }
    if (verdict.type === 'failed') throw new DomainError(verdict.code, verdict.message);
    const { metrics, bestEpoch, gate, phases } = verdict;
    // What the child does not account for was its start: measured so, no phase overlaps another.
    const work = Object.values(phases).reduce((sum, seconds) => sum + seconds, 0);
    return {
      metrics,
      bestEpoch,
      gate,
      phases: { start: clock.phases['process']! - work, ...phases, exit: clock.phases['exit']! },
    };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

type Verdict = Exclude<TrainerMessage, { type: 'epoch' }>;

/** Sends the request and waits for the child's end: its last word, if it had one, how it died, and the end of its error output. */
function listen(
  child: ChildProcess,
  request: TrainingRequest,
  onEpoch: (epoch: Epoch) => void,
  clock: PhaseClock,
): Promise<{ verdict: Verdict | undefined; death: string; lastWords: string }> {
  return new Promise((resolve, reject) => {
    let verdict: Verdict | undefined;
    const lastWords = stderrTail(child);
    child.on('message', (message: TrainerMessage) => {
      if (message.type === 'epoch') onEpoch(message.epoch);
      else {
        clock.end('process');
        verdict = message;
      }
    });
    child.on('error', (cause) =>
      reject(new DomainError('TRAINING_CRASHED', 'the training process could not be started', { cause })),
    );
    child.on('close', (code, killer) => {
      clock.end('exit');
      resolve({ verdict, death: killer ?? `exit code ${code}`, lastWords: lastWords() });
    });
    // A send to a child that is gone already is an error that 'close' tells better. One that could not be started, for
    // want of a file descriptor, has no `send`: that 'error' tells.
    child.send?.(request, () => {});
  });
}

function cancelled(): DomainError {
  return new DomainError('TRAINING_CANCELLED', 'the training was cancelled');
}
