import type { Static } from 'typebox';
import type { GivenOptions } from '../../model/training/training-options.js';
import type { Card } from '../../model/versions/card.js';
import type { Gate } from '../../model/versions/gate-decision.js';
import type { DriftReply, HistoryReply } from '../../server/routes/drift/drift-schemas.js';
import type { Explanation } from '../../server/service/drift/explanation.js';
import type { Job as JobReply } from '../../server/service/training/job.js';

// The service's public HTTP interface, as far as the page uses it. Paths are relative, so that it may live below a prefix.

export type Drift = Static<typeof DriftReply>;
export type DriftWindow = Drift['windows'][number];
export type Column = DriftWindow['columns'][number];
export type Point = Static<typeof HistoryReply>['points'][number];
export type Job = Static<typeof JobReply>;
export type Epoch = Job['history'][number];
export type TrainingOptions = GivenOptions;
export type Model = Card & { readonly model_version: string; readonly name: string; readonly engine: string };

export interface Explained {
  readonly predictions: readonly (readonly number[])[];
  readonly reconstruction_error: readonly number[];
  readonly model_version: string;
  readonly explanations: readonly Explanation[];
}

/** What the service answered instead of what was asked for, in its own words. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const getReady = () => json<{ model_version: string }>('readyz');
export const getModel = () => json<Model>('model');
export const getDrift = () => json<Drift>('drift');
export const getHistory = () => json<{ points: Point[] }>('drift/history');
export const getMetrics = async () => (await request('metrics')).text();
export const getJob = (id: string) => json<Job>(`train/${encodeURIComponent(id)}`);
export const cancelJob = (id: string) => json<Job>(`train/${encodeURIComponent(id)}`, { method: 'DELETE' });
export const jobEventsPath = (id: string) => `train/${encodeURIComponent(id)}/events`;

/** Predicts one row, null where a value is missing, and explains it. */
export function predict(row: readonly (number | null)[]): Promise<Explained> {
  return json<Explained>('predict?explain=true', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instances: [row] }),
  });
}

/** Starts a training on a CSV. */
export function train(csv: Blob, query: Readonly<Record<string, string>>): Promise<Job> {
  return json<Job>(`train?${new URLSearchParams(query)}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv,
  });
}

export interface Version {
  readonly model_version: string;
  readonly created_at: string;
  readonly origin: 'training' | 'upload';
  readonly aliases: readonly ('production' | 'candidate' | 'previous')[];
  readonly serving: boolean;
  readonly bytes: number;
  readonly rows: number;
  readonly metrics: Card['metrics'];
  readonly gate: Gate | null;
}

export interface Versions {
  readonly aliases: { readonly production: string | null; readonly previous: string | null };
  /** Newest first. */
  readonly models: readonly Version[];
}

/** What each of two versions has; null what it has not. */
export type Pair = readonly [number | null, number | null];

export interface Comparison {
  readonly versions: readonly [string, string];
  readonly metrics: {
    readonly rows: Pair;
    readonly prediction_error: Pair;
    readonly reconstruction_error: Pair;
    readonly targets: Readonly<Record<string, { readonly rmse: Pair; readonly mae: Pair; readonly r2: Pair }>>;
  };
  /** Null if they have other columns. */
  readonly predictions: {
    readonly rows: readonly (readonly number[])[];
    readonly difference: Readonly<
      Record<
        string,
        { readonly mean: number | null; readonly mean_absolute: number | null; readonly largest: number | null }
      >
    >;
  } | null;
}

export const getVersions = () => json<Versions>('models');
export const compareVersions = (a: string, b: string) => json<Comparison>(`models/${a}/compare/${b}`);
export const activateVersion = (version: string) => json<unknown>(`models/${version}/activate`, { method: 'POST' });
export const rollBack = () => json<unknown>('models/rollback', { method: 'POST' });
export const archivePath = (version: string) => `models/${version}/archive`;
export const onnxPath = (version: string) => `models/${version}/onnx`;

/** Adds the version of a tar.gz, which does not serve by that. */
export function uploadVersion(archive: Blob): Promise<{ readonly model_version: string }> {
  return json('models', { method: 'POST', headers: { 'content-type': 'application/gzip' }, body: archive });
}

export async function removeVersion(version: string): Promise<void> {
  await request(`models/${version}`, { method: 'DELETE' });
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}

/** Throws a {@link ServiceError} for an error that the service tells, and a TypeError if none answers. */
async function request(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, { cache: 'no-store', ...init });
  if (response.ok) return response;
  const told = (await response.json().catch(() => ({}))) as { error?: string; code?: string };
  throw new ServiceError(response.status, told.code ?? '', told.error ?? `status ${response.status}`);
}
