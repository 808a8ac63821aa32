import type { Static } from 'typebox';
import type { Annotations, AnnotationsPatch } from '../../model/versions/annotations.js';
import type { DriftReply, HistoryReply } from '../../server/routes/drift/drift-schemas.js';
import type { CardReply, ModelsReply } from '../../server/routes/models/catalog.js';
import type { CompareReply } from '../../server/routes/models/compare.js';
import type { ModelReply } from '../../server/routes/models/serving-model.js';
import type { PredictReply } from '../../server/routes/predict-schema.js';
import type { SessionReply } from '../../server/routes/session/session-schema.js';
import type { TableReport as TableReportReply } from '../../server/routes/training/table-report.js';
import type { Job as JobReply } from '../../server/service/training/job.js';

// The part of the public HTTP interface that the page uses. Paths are relative, so the service may run under a prefix.

export type Drift = Static<typeof DriftReply>;
export type DriftWindow = Drift['windows'][number];
export type Column = DriftWindow['columns'][number];
export type History = Static<typeof HistoryReply>;
export type Point = History['points'][number];
export type Job = Static<typeof JobReply>;
export type Epoch = Job['history'][number];
export type TableReport = TableReportReply;
export type Model = Static<typeof ModelReply>;
export type VersionList = Static<typeof ModelsReply>;
export type Version = VersionList['models'][number];
export type Card = Static<typeof CardReply>;
export type Comparison = Static<typeof CompareReply>;
export type Session = SessionReply;
export type Scope = NonNullable<Session['principal']>['scopes'][number];

/** The fields of an explained prediction that the page shows. */
export type Explained = Required<Omit<PredictReply, 'prediction_id' | 'intervals' | 'interval'>> &
  Pick<PredictReply, 'intervals' | 'interval'>;

/** An error reply of the service, with its own message. */
export class ServiceError extends Error {
  readonly status: number;
  /** The code of the error; undefined for a reply that is not the service's own. */
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** How often a read is sent before its refusal by an overloaded service counts. */
const ATTEMPTS = 3;
/** Seconds between two attempts if the reply names none. */
const RETRY_AFTER = 5;

export const getSession = () => json<Session>('session');
export const signOut = () => request('session', { method: 'DELETE' });
export const oidcPath = (tab?: 'new') => (tab ? `session/oidc?tab=${tab}` : 'session/oidc');

/** Changes a key into the cookie of a session, which no script can read. */
export const signIn = (key: string) =>
  json<Session>('session', { method: 'POST', headers: { authorization: `Bearer ${key}` } });

export const getReady = () => json<{ model_version: string }>('readyz');
export const getModel = () => json<Model>('model');
export const getDrift = () => json<Drift>('drift');
export const getHistory = () => json<History>('drift/history');
export const getMetrics = async () => (await request('metrics')).text();
export const getJob = (id: string) => json<Job>(`train/${encodeURIComponent(id)}`);
export const cancelJob = (id: string) => json<Job>(`train/${encodeURIComponent(id)}`, { method: 'DELETE' });
export const jobEventsPath = (id: string) => `train/${encodeURIComponent(id)}/events`;

/** Predicts and explains one row, with intervals of a level if there is one; null marks a missing value. */
export const predict = (row: readonly (number | string | boolean | null)[], level: number | undefined) =>
  json<Explained>(
    level === undefined ? 'predict?explain=true' : `predict?explain=true&interval=${level}`,
    post('application/json', JSON.stringify({ instances: [row] })),
  );

/** Reports what a training would make of the columns of a table, for any model. */
export const reportTable = (table: Blob, type: string, query: Readonly<Record<string, string>> = {}) =>
  json<TableReport>(
    `train?${new URLSearchParams({ ...query, dry_run: 'true', replace: 'true' })}`,
    postTable(table, type),
  );

/** Starts training on a table. */
export const train = (table: Blob, type: string, query: Readonly<Record<string, string>>) =>
  json<Job>(`train?${new URLSearchParams(query)}`, postTable(table, type));

export const getVersions = () => json<VersionList>('models');
export const getVersion = (version: string) => json<Card>(`models/${version}`);
export const compareVersions = (a: string, b: string) => json<Comparison>(`models/${a}/compare/${b}`);
export const activateVersion = (version: string) => json<unknown>(`models/${version}/activate`, { method: 'POST' });
export const rollBack = () => json<unknown>('models/rollback', { method: 'POST' });
export const removeVersion = (version: string) => request(`models/${version}`, { method: 'DELETE' });
export const archivePath = (version: string) => `models/${version}/archive`;
export const reportPath = (version: string) => `models/${version}/report`;
export const onnxPath = (version: string) => `models/${version}/onnx`;

/** What people say of a version, with the tag by which a change names what it was based on. */
export async function getAnnotations(version: string): Promise<{ annotations: Annotations; tag: string }> {
  const response = await request(`models/${version}`);
  const annotations = (await response.json()) as Annotations;
  return { annotations, tag: response.headers.get('etag') ?? '*' };
}

/** Describes a version, unless another user has done so since `tag`: then the error's code is `ANNOTATIONS_CHANGED`. */
export const annotateVersion = (version: string, patch: AnnotationsPatch, tag: string) =>
  request(`models/${version}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': tag },
    body: JSON.stringify(patch),
  });

/** Adds the version in a tar.gz archive without activating it. */
export const uploadVersion = (archive: Blob) =>
  json<{ model_version: string }>('models', post('application/gzip', archive));

function post(type: string, body: BodyInit): RequestInit {
  return { method: 'POST', headers: { 'content-type': type }, body };
}

function postTable(table: Blob, type: string): RequestInit {
  const isCompressed = table instanceof File && /\.gz$/i.test(table.name);
  const headers = { 'content-type': type, ...(isCompressed && { 'content-encoding': 'gzip' }) };
  return { method: 'POST', headers, body: table };
}

async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}

/** Resolves once the user has signed in again; undefined while nobody is waited for. */
let signedIn: Promise<void> | undefined;

/** Called when a reply shows that the session has ended. Resolves once the user has signed in again. */
let onSessionEnd: () => Promise<void> = () => new Promise(() => {});

/** Sets what asks the user to sign in again. */
export function whenSessionEnds(askToSignIn: () => Promise<void>): void {
  onSessionEnd = askToSignIn;
}

/**
 * Throws a {@link ServiceError} for an error reply, and a TypeError if the service does not respond. What only reads is sent
 * again, as late as the service asks for, if the service is overloaded; and once the user has signed in again, if the session has
 * ended. What changes something is not: another user may have signed in.
 */
async function request(path: string, init?: RequestInit): Promise<Response> {
  let hasSignedIn = false;
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(path, { cache: 'no-store', ...init });
    if (response.ok) return response;
    const body = (await response.json().catch(() => ({}))) as { error?: string; code?: string };
    if (response.status === 401 && path !== 'session' && !hasSignedIn) {
      signedIn ??= onSessionEnd().finally(() => {
        signedIn = undefined;
      });
      if (init?.method) throw new ServiceError(401, 'Your session has ended. Sign in, then try again.', body.code);
      await signedIn;
      hasSignedIn = true;
      continue;
    }
    if (body.code !== 'OVERLOADED' || init?.method || attempt === ATTEMPTS)
      throw new ServiceError(response.status, body.error ?? `status ${response.status}`, body.code);
    const delay = Number(response.headers.get('retry-after')) || RETRY_AFTER;
    await new Promise((resolve) => setTimeout(resolve, 1000 * delay));
  }
}
