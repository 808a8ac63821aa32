/** What is audited: every change of what the service serves, learns from, compares with or lets in. */
export type AuditAction =
  | 'train'
  | 'training-end'
  | 'cancel'
  | 'activate'
  | 'rollback'
  | 'delete'
  | 'upload'
  | 'annotate'
  | 'reset'
  | 'baseline'
  | 'feedback'
  | 'sign-in'
  | 'sign-out'
  | 'authenticate'
  | 'key-create'
  | 'key-revoke'
  | 'keys-read'
  | 'log-recovered'
  | 'log-cut';

/**
 * `begun`: about to be done. `done`, `failed`: by the status of the reply. `refused`: nothing was done. `summary`: `count` requests
 * since `since`.
 */
export type AuditOutcome = 'begun' | 'done' | 'failed' | 'refused' | 'summary';

/** Who did something, and from where. */
export interface AuditActor {
  /** Identifies a principal: the id of a key, the subject of a token; never a secret. */
  readonly who: string;
  readonly kind: string;
  /** Address of the client; null for the service itself and for commands. */
  readonly from: string | null;
}

/** One entry, before it is chained. */
export interface AuditEvent extends AuditActor {
  readonly action: AuditAction;
  /** On what: a version, a training, a key; null where there is only one. */
  readonly target: string | null;
  readonly outcome: AuditOutcome;
  /** HTTP status of the reply. */
  readonly status?: number;
  readonly request_id?: string;
  /** Of a summary: how many, and since when in ISO 8601. */
  readonly count?: number;
  readonly since?: string;
  /** What came of it, such as the number of a new version. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** The service, for what no request asked for. */
export const SERVICE: AuditActor = { who: 'service', kind: 'service', from: null };
