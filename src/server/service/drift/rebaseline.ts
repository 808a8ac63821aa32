import { Format } from 'typebox/format';
import { DomainError, show } from '../../../base/domain-error.js';
import { WorkerThread } from '../../../base/node/worker-thread.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import type { ErrorModel } from '../../../model/baseline/errors/expected-errors.js';
import { type PredictionErrors, summariseErrors } from '../../../model/baseline/errors/prediction-errors.js';
import type { FileStore } from '../../../model/store/file-store.js';
import type { BaselineTask } from './baseline-worker.js';
import type { MonitoredVersion } from './monitored-version.js';
import { type StoredBaseline, storeBaseline } from './stored-baseline.js';

/** The traffic that becomes the reference. */
export interface ApprovedTraffic {
  /** ISO 8601, with a time zone. */
  readonly since: string;
  /** Why it was approved; stored with the baseline. */
  readonly reason: string;
  /** Minimum number of rows. */
  readonly minimum: number;
  /** Returns the errors on labelled rows since a time, in milliseconds since the epoch: `[rows, targets]`, prediction - target. */
  readonly errorsSince: (since: number) => Float64Array;
}

/** Minimum labelled rows of the approved period whose errors become the reference. */
const MIN_LABELLED_ROWS = 200;

/**
 * Makes a baseline from the traffic that `monitored` has sampled, and stores it. Throws `INVALID_REQUEST` if `since` is not a time,
 * `TOO_FEW_ROWS` if there are fewer than `minimum` rows or a feature has no value in any of them, and `DRIFT_OFF` if
 * `isServing` returns false once the baseline is made.
 */
export async function rebaseline(
  { version, card, sample, last, baseline: former }: MonitoredVersion,
  { since, reason, minimum, errorsSince }: ApprovedTraffic,
  store: FileStore,
  isServing: () => boolean,
): Promise<StoredBaseline> {
  const rows = sample.since(parseTime(since));
  // With very many features, the sample has room for fewer rows than were seen.
  const min = Math.min(minimum, sample.maxRows);
  if (rows.count < min) {
    const seen = `this process has seen ${rows.count} since ${since}`;
    throw new DomainError('TOO_FEW_ROWS', `a baseline needs at least ${min} rows, ${seen}`);
  }
  const { features, targets, columns } = card;
  // A column that had gaps in the training may have no value for some time.
  const mayBeEmpty = (j: number) => (columns?.[j]?.missing ?? 0) > 0;
  const empty = features.find((_, j) => !mayBeEmpty(j) && isEmpty(rows.rows, features.length, j));
  if (empty !== undefined) {
    const expected = `expected a value in at least one row since ${since}`;
    throw new DomainError('TOO_FEW_ROWS', `${empty}: ${expected}, all are missing`);
  }
  const fresh = await makeInThread({ rows, features, targets, columns, seed: last + 1, former });
  const baseline = withErrors(fresh, former, errorsSince(parseTime(since)));
  if (!isServing()) throw new DomainError('DRIFT_OFF', 'another version serves now');
  return storeBaseline(store, version, card, baseline, {
    last,
    created_at: new Date().toISOString(),
    reason,
    from: new Date(rows.from!).toISOString(),
  });
}

/**
 * Makes a baseline in a thread that ends afterwards: with hundreds of features, the calibration of the charts would block the
 * event loop for seconds. Rejects with the error that `makeBaseline` throws.
 */
async function makeInThread(task: BaselineTask): Promise<Baseline> {
  const thread = new WorkerThread('baseline-worker.js');
  try {
    return await thread.run<Baseline>('calibrate', task);
  } finally {
    await thread.close();
  }
}

/**
 * Adds the reference for prediction errors: those on labelled rows of the approved period if there are enough of them, or else
 * the former reference. Traffic alone does not show what the errors were.
 */
function withErrors(fresh: Baseline, former: Baseline, errors: Float64Array): Baseline {
  const rows = errors.length / fresh.outputs.length;
  if (rows < MIN_LABELLED_ROWS) {
    return former.prediction_errors ? { ...fresh, prediction_errors: former.prediction_errors } : fresh;
  }
  const found = summariseErrors({ rows, outputs: errors, targets: new Float32Array(errors.length) });
  const reference = { ...found, distinct: former.prediction_errors?.distinct ?? false };
  return { ...fresh, prediction_errors: reference, ...scaledTo(reference, fresh.expected_errors) };
}

/** Scales the expected errors so that they are those of the reference where the traffic is as approved. */
function scaledTo({ targets }: PredictionErrors, models: Baseline['expected_errors']): Partial<Baseline> {
  if (!models) return {};
  const scale = (model: ErrorModel, mean: number): ErrorModel => {
    const factor = model.mean > 0 ? mean / model.mean : 1;
    return {
      ...model,
      mean,
      variance: model.variance * factor ** 2,
      channels: model.channels.map(({ channel, effects }) => ({ channel, effects: effects.map((e) => e * factor) })),
    };
  };
  const scaled = models.map(({ squared, absolute }, j) => {
    const { rmse, mae } = targets[j]!;
    return { squared: scale(squared, rmse ** 2), absolute: scale(absolute, mae) };
  });
  return { expected_errors: scaled };
}

/** Returns milliseconds since the epoch. */
function parseTime(since: string): number {
  // A time without a zone would be another moment on another machine.
  const time = Format.IsDateTime(since) || Format.IsDate(since) ? Date.parse(since) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  const expected = 'an ISO 8601 time with its zone, such as 2026-01-12T00:00:00Z';
  throw new DomainError('INVALID_REQUEST', `since: expected ${expected}, got ${show(since)}`);
}

/** Returns whether column `j` of `rows` `[any, width]` has no value. */
function isEmpty(rows: Float32Array, width: number, j: number): boolean {
  for (let at = j; at < rows.length; at += width) if (!Number.isNaN(rows[at]!)) return false;
  return true;
}
