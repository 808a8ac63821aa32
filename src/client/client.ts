import createApi from 'openapi-fetch';
import type { Interval, PredictedRows } from './arrow-tables.js';
import type { Cell, ColumnsOf, Model, RowOf, TargetValues } from './model.js';
import type { components, operations, paths } from './openapi.js';
import { pause, type RetryOptions, withRetries } from './retries.js';
import { ServiceError } from './service-error.js';
import { bodyOf, type TrainingTable } from './training-table.js';

export type { Interval } from './arrow-tables.js';
export type { Cell, Column, ColumnsOf, Model, RowOf, TargetValues } from './model.js';
export { defineModel } from './model.js';
export type { components, operations, paths } from './openapi.js';
export { ServiceError } from './service-error.js';
export type { TrainingTable } from './training-table.js';

type Schemas = components['schemas'];
export type Job = Schemas['Job'];
export type TableReport = Schemas['TableReport'];
export type DriftReply = Schemas['DriftReply'];
export type ModelReply = Schemas['ModelReply'];
export type ModelsReply = Schemas['ModelsReply'];
export type CardReply = Schemas['CardReply'];
export type CompareReply = Schemas['CompareReply'];
export type ActivationReply = Schemas['ActivationReply'];
export type FeedbackReceipt = Schemas['FeedbackReceipt'];

export interface ClientOptions<M extends Model<object> = Model> extends RetryOptions {
  /** An API key, or an access token of the service's OpenID Connect issuer. A function is called for each attempt. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** The model, as `reconstruction-regressor types` writes it: types rows and predictions, and completes rows with missing values. */
  readonly model?: M | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** Options of every request. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface PredictOptions extends RequestOptions {
  /** Adds how unusual each row is, and which features make it so. */
  readonly explain?: boolean | undefined;
  /** Stores the rows, and returns an id under which `sendFeedback` accepts their targets. */
  readonly ids?: boolean | undefined;
  /** Adds an interval to each prediction that covers the true value with this probability, from 0.5 to 0.99. */
  readonly interval?: number | undefined;
}

/** A reply of predictions. */
export interface Predictions<M extends Model<object> = Model> extends Omit<Schemas['PredictReply'], 'predictions'> {
  /** `[rows, targets]`, in target units. */
  readonly predictions: TargetValues<M>[];
}

export interface TableOptions extends RequestOptions {
  /** Maximum rows of a request; fewer are sent if the service refuses that many. 50,000 by default. */
  readonly batchRows?: number | undefined;
  /** Adds an interval to each prediction that covers the true value with this probability, from 0.5 to 0.99. */
  readonly interval?: number | undefined;
}

/** Predictions of a table. */
export interface TablePredictions<M extends Model<object> = Model> {
  /** `[rows]` of each target, in its units. */
  readonly predictions: { readonly [Name in M['targets'][number]]: Float32Array };
  /** The bounds of each prediction, `[rows]`, if an interval was asked for. */
  readonly intervals?: { readonly [Name in M['targets'][number]]: Interval } | undefined;
  /** `[rows]`: mean squared residual over the features, in standardised units. */
  readonly reconstruction_error: Float32Array;
  /** The versions that predicted: several if another one was activated meanwhile. */
  readonly model_versions: readonly string[];
}

type TrainQuery = NonNullable<operations['train']['parameters']['query']>;

/** How to train. */
export interface TrainOptions extends Omit<TrainQuery, 'target' | 'wait' | 'dry_run'>, RequestOptions {
  /** The target column, or several. */
  readonly target: string | readonly string[];
  /** Called with the state of the training about once a second. */
  readonly onProgress?: ((job: Job) => void) | undefined;
}

/** Feedback: rows with their true targets, or the ids of stored predictions. */
export type Feedback = Schemas['FeedbackBody'];

/** Rows of a request for predictions, in a batch that the service refuses only if it is configured to accept fewer. */
const BATCH_ROWS = 50_000;
/** Time between two requests for the state of a training, in milliseconds. */
const POLL_INTERVAL = 1000;
const ARROW = 'application/vnd.apache.arrow.stream';

/** A client of a service. Methods throw a {@link ServiceError}, or the reason of their signal. */
export type Client<M extends Model<object> = Model> = ReturnType<typeof createClient<M>>;

/**
 * Returns a client of the service at `url`, such as `http://127.0.0.1:8080`. Requests that an overloaded service refuses, and those
 * that get no reply and can do no harm twice, are sent again; see {@link RetryOptions}. Throws a TypeError for an address with a password.
 */
export function createClient<const M extends Model<object> = Model>(url: string, options: ClientOptions<M> = {}) {
  const { token, model, fetch: send = globalThis.fetch } = options;
  // The errors of `fetch` would repeat them.
  if (/^[^/?#]*:\/\/[^/?#]*@/.test(url)) {
    throw new TypeError('url: expected an address without a user and a password; token takes a credential');
  }
  const base = url.replace(/\/+$/, '');

  async function authorize(headers: Headers): Promise<Headers> {
    const credential = typeof token === 'function' ? await token() : token;
    // Read from a file, it ends with a line break.
    const text = credential?.trim();
    if (!text) return headers;
    // The error of `Headers` would repeat it.
    if (!/^[!-~]+$/.test(text)) {
      const message = 'token: expected printable ASCII characters without spaces, in one line';
      throw new ServiceError(message, { status: 0, code: 'INVALID_TOKEN' });
    }
    headers.set('authorization', `Bearer ${text}`);
    return headers;
  }

  const fetchOf = (once: boolean) => (request: Request) => {
    const { signal } = request;
    const attempt = async () => {
      const copy = request.clone();
      await authorize(copy.headers);
      return send(copy);
    };
    return withRetries({ send: attempt, once, signal }, options);
  };
  const api = createApi<paths>({ baseUrl: base, fetch: fetchOf(false) });
  /** For what must not happen twice. */
  const once = { fetch: fetchOf(true) };

  /** Sends a body that is not copied for each attempt. */
  function sendBody(
    path: string,
    body: Blob | string | Uint8Array<ArrayBuffer>,
    type: string,
    { signal }: RequestOptions,
    isOnce: boolean,
  ) {
    const attempt = async () => {
      const headers = await authorize(new Headers({ 'content-type': type }));
      return send(`${base}${path}`, { method: 'POST', headers, body, signal: signal ?? null });
    };
    return withRetries({ send: attempt, once: isOnce, signal }, options);
  }

  /** Predicts rows, each an object by name or an array in the order of the features. */
  async function predict(
    rows: readonly (RowOf<M> | readonly Cell[])[],
    { explain, ids, interval, signal }: PredictOptions = {},
  ): Promise<Predictions<M>> {
    const query = { ...(explain && { explain }), ...(ids && { ids }), ...(interval !== undefined && { interval }) };
    const instances = rows.map((row) => complete(row, model)) as Schemas['PredictBody']['instances'];
    const { data } = await api.POST('/predict', { params: { query }, body: { instances }, ...signalOf(signal) });
    return data as unknown as Predictions<M>;
  }

  /** Predicts a table of columns, of any number of rows, as Arrow. */
  async function predictTable(
    columns: ColumnsOf<M>,
    { batchRows = BATCH_ROWS, interval, signal }: TableOptions = {},
  ): Promise<TablePredictions<M>> {
    const { writeRows, readPredictions } = await import('./arrow-tables.js');
    const named = columns as Parameters<typeof writeRows>[0];
    const count = rowCount(named);
    const path = interval === undefined ? '/predict' : `/predict?interval=${interval}`;
    const parts: PredictedRows[] = [];
    let maxRows = batchRows;
    for (let from = 0; from < count; ) {
      const to = Math.min(count, from + maxRows);
      try {
        const reply = await sendBody(path, writeRows(named, from, to), ARROW, { signal }, false);
        parts.push(readPredictions(new Uint8Array(await reply.arrayBuffer())));
        from = to;
      } catch (error) {
        if (!(error instanceof ServiceError) || error.status !== 413 || to - from === 1) throw error;
        maxRows = Math.ceil((to - from) / 2);
      }
    }
    const names = parts[0] ? Object.keys(parts[0].predictions) : (model?.targets ?? []);
    const ofTargets = <T>(of: (name: string) => T) =>
      Object.fromEntries(names.map((name) => [name, of(name)])) as { readonly [Name in M['targets'][number]]: T };
    const bound = (name: string, side: keyof Interval) => joined(parts.map(({ intervals }) => intervals![name]![side]));
    return {
      predictions: ofTargets((name) => joined(parts.map((part) => part.predictions[name]!))),
      ...(interval !== undefined && {
        intervals: ofTargets((name) => ({ low: bound(name, 'low'), high: bound(name, 'high') })),
      }),
      reconstruction_error: joined(parts.map((part) => part.reconstruction_error)),
      model_versions: Array.from(new Set(parts.map((part) => part.model_version))),
    };
  }

  /**
   * Trains a new version, and resolves when the training has ended. Its signal cancels the training. Throws a
   * {@link ServiceError} with the code of the training if it fails.
   */
  async function train(table: TrainingTable, trainOptions: TrainOptions): Promise<Job> {
    const { signal, onProgress } = trainOptions;
    let job = (await startTraining(table, trainOptions, false)) as Job;
    try {
      for (; job.state === 'running'; job = await getTraining(job.id, { signal })) {
        onProgress?.(job);
        await pause(POLL_INTERVAL, signal);
      }
    } catch (error) {
      // The first time may have ended the search alone.
      const again = ({ id, state }: Job) => (state === 'running' ? cancelTraining(id) : undefined);
      if (signal?.aborted)
        await cancelTraining(job.id)
          .then(again)
          .catch(() => {});
      throw error;
    }
    onProgress?.(job);
    if (job.error) throw new ServiceError(job.error.message, { status: 0, code: job.error.code });
    return job;
  }

  /** Reports what a training would make of the columns of a table, and trains nothing. */
  async function profile(table: TrainingTable, profileOptions: Omit<TrainOptions, 'onProgress'>): Promise<TableReport> {
    return (await startTraining(table, profileOptions, true)) as TableReport;
  }

  async function startTraining(
    table: TrainingTable,
    fields: TrainOptions,
    dryRun: boolean,
  ): Promise<Job | TableReport> {
    const { target, signal, onProgress: _, ...query } = fields;
    const { body, type } = bodyOf(table, target);
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...query, ...(dryRun && { dry_run: true }) })) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    if (type !== 'application/json') parameters.set('target', [target].flat().map(quoted).join(','));
    const reply = await sendBody(`/train?${parameters}`, body, type, { signal }, !dryRun);
    return (await reply.json()) as Job | TableReport;
  }

  async function getTraining(id: string, { signal }: RequestOptions = {}): Promise<Job> {
    const { data } = await api.GET('/train/{id}', { params: { path: { id } }, ...signalOf(signal) });
    return data!;
  }

  async function cancelTraining(id: string, { signal }: RequestOptions = {}): Promise<Job> {
    const { data } = await api.DELETE('/train/{id}', { params: { path: { id } }, ...signalOf(signal) });
    return data!;
  }

  /** Sends rows with their true targets. Rows of a request that is sent again count once. */
  async function sendFeedback(feedback: Feedback, { signal }: RequestOptions = {}): Promise<FeedbackReceipt> {
    const header = feedback.ids ? {} : { 'idempotency-key': randomKey() };
    const { data } = await api.POST('/feedback', { params: { header }, body: feedback, ...signalOf(signal) });
    return data!;
  }

  /** Reports whether the rows still look like the training data, and which inputs moved. */
  async function drift({ signal }: RequestOptions = {}): Promise<DriftReply> {
    const { data } = await api.GET('/drift', signalOf(signal));
    return data!;
  }

  /** Forgets all rows and alarms. */
  async function resetDrift({ signal }: RequestOptions = {}): Promise<DriftReply> {
    const { data } = await api.POST('/drift/reset', signalOf(signal));
    return data!;
  }

  /** Returns the card of the version that serves. */
  async function getModel({ signal }: RequestOptions = {}): Promise<ModelReply> {
    const { data } = await api.GET('/model', signalOf(signal));
    return data!;
  }

  async function listVersions({ signal }: RequestOptions = {}): Promise<ModelsReply> {
    const { data } = await api.GET('/models', signalOf(signal));
    return data!;
  }

  async function getVersion(version: string, { signal }: RequestOptions = {}): Promise<CardReply> {
    const { data } = await api.GET('/models/{version}', { params: { path: { version } }, ...signalOf(signal) });
    return data!;
  }

  async function compareVersions(a: string, b: string, { signal }: RequestOptions = {}): Promise<CompareReply> {
    const path = { version: a, other: b };
    const { data } = await api.GET('/models/{version}/compare/{other}', { params: { path }, ...signalOf(signal) });
    return data!;
  }

  /** Makes a version production. */
  async function activateVersion(version: string, { signal }: RequestOptions = {}): Promise<ActivationReply> {
    const params = { path: { version } };
    const { data } = await api.POST('/models/{version}/activate', { params, ...signalOf(signal) });
    return data!;
  }

  /** Makes the previous version production again. */
  async function rollBack({ signal }: RequestOptions = {}): Promise<ActivationReply> {
    const { data } = await api.POST('/models/rollback', { ...once, ...signalOf(signal) });
    return data!;
  }

  async function deleteVersion(version: string, { signal }: RequestOptions = {}): Promise<void> {
    await api.DELETE('/models/{version}', { params: { path: { version } }, ...once, ...signalOf(signal) });
  }

  return {
    predict,
    predictTable,
    train,
    profile,
    getTraining,
    cancelTraining,
    sendFeedback,
    drift,
    resetDrift,
    getModel,
    listVersions,
    getVersion,
    compareVersions,
    activateVersion,
    rollBack,
    deleteVersion,
  };
}

function signalOf(signal: AbortSignal | undefined) {
  return signal ? { signal } : {};
}

/** Unlike `crypto.randomUUID`, browsers have it on pages without HTTPS as well. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Completes a row by name with null for the features that it lacks. */
function complete(row: object, model: Model<object> | undefined): object {
  if (Array.isArray(row)) return row;
  const named: Record<string, unknown> = { ...row };
  const names = model?.features ?? Object.keys(named);
  for (const name of names) named[name] ??= null;
  return named;
}

function rowCount(columns: Readonly<Record<string, ArrayLike<unknown>>>): number {
  const [first = ['', []], ...others] = Object.entries(columns);
  const { length } = first[1];
  for (const [name, column] of others) {
    if (column.length !== length) {
      throw new TypeError(
        `column ${JSON.stringify(name)}: expected ${length} rows, as in ${JSON.stringify(first[0])}, got ${column.length}`,
      );
    }
  }
  return length;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A name in a list that is read as a line of CSV. */
function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
