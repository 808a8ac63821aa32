/** What can go wrong; `INTERNAL` is a defect of ours or of the machine. The server maps each to an HTTP status in one table. */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'INVALID_JSON'
  | 'INVALID_QUERY'
  | 'INVALID_ROWS'
  | 'INVALID_ENCODING'
  | 'UNSUPPORTED_ENCODING'
  | 'NOT_ACCEPTABLE'
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
  | 'ALIASES_CHANGED'
  | 'NO_PREVIOUS_VERSION'
  | 'STORE_UNWRITABLE'
  | 'INVALID_BASELINE'
  | 'NON_FINITE_OUTPUT'
  | 'DRIFT_OFF'
  | 'NOT_IMPLEMENTED'
  | 'NOT_READY'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'FEATURES_CHANGED'
  | 'TRAINING_RUNNING'
  | 'JOB_NOT_FOUND'
  | 'PREDICTION_NOT_FOUND'
  | 'FEEDBACK_UNAVAILABLE'
  | 'INTERNAL';

/** An error of the domain: a code for programs, and a message that names the place, what was expected and what was found. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A short, safe rendering of a value for an error message: JSON, cut after 40 characters. Never throws. */
export function show(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = json(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** JSON.parse reads values nested so deeply that JSON.stringify runs out of stack. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return Array.isArray(value) ? 'a deeply nested array' : `an unprintable ${typeof value}`;
  }
}
