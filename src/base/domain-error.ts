/** The codes of domain errors. `INTERNAL` is a defect of the program or the machine. */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'REQUEST_TIMEOUT'
  | 'INVALID_JSON'
  | 'INVALID_ROWS'
  | 'INVALID_ENCODING'
  | 'INVALID_CSV'
  | 'INVALID_ARROW'
  | 'INVALID_PARQUET'
  | 'UNKNOWN_COLUMN'
  | 'TOO_FEW_ROWS'
  | 'TOO_MANY_MISSING'
  | 'TRAINING_DIVERGED'
  | 'TRAINING_CRASHED'
  | 'TRAINING_CANCELLED'
  | 'INVALID_VERSION'
  | 'INVALID_ARCHIVE'
  | 'NOT_FOUND'
  | 'MODEL_NOT_FOUND'
  | 'VERSION_NOT_FOUND'
  | 'VERSION_IN_USE'
  | 'ANNOTATIONS_CHANGED'
  | 'ALIASES_CHANGED'
  | 'NO_PREVIOUS_VERSION'
  | 'STORE_UNWRITABLE'
  | 'INVALID_BASELINE'
  | 'NON_FINITE_OUTPUT'
  | 'LEVEL_UNAVAILABLE'
  | 'INTERVALS_UNAVAILABLE'
  | 'DRIFT_OFF'
  | 'NOT_IMPLEMENTED'
  | 'NOT_READY'
  | 'OVERLOADED'
  | 'TOO_LARGE'
  | 'FEATURES_CHANGED'
  | 'TRAINING_RUNNING'
  | 'SHADOW_UNAVAILABLE'
  | 'JOB_NOT_FOUND'
  | 'PREDICTION_NOT_FOUND'
  | 'PREDICTION_ANSWERED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'FEEDBACK_UNAVAILABLE'
  | 'AUDIT_UNAVAILABLE'
  | 'INTERNAL';

/** An error with a code for programs, and a message for people that names the place, the expectation and the actual value. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Renders a value for an error message as JSON, cut after 40 characters. Never throws. */
export function show(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = json(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Like JSON.stringify, which runs out of stack on values that JSON.parse can read. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return Array.isArray(value) ? 'a deeply nested array' : `an unprintable ${typeof value}`;
  }
}
