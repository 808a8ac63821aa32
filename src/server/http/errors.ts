import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { type ErrorCode, show } from '../../base/domain-error.js';
import { storageError } from '../../base/files/storage-error.js';
import { AccessError, type AccessErrorCode } from '../access/access-error.js';
import { withoutKeys } from '../access/keys/key-text.js';
import { type HttpErrorCode, hasCode } from './http-error.js';
import { JSON_TYPE } from './media-types.js';

/** HTTP statuses by error code. */
const STATUS: Readonly<Record<ErrorCode | HttpErrorCode | AccessErrorCode, number>> = {
  INVALID_REQUEST: 400,
  INVALID_JSON: 400,
  INVALID_QUERY: 400,
  INVALID_ROWS: 400,
  INVALID_ENCODING: 400,
  INVALID_CSV: 400,
  INVALID_ARROW: 400,
  INVALID_PARQUET: 400,
  INVALID_ARCHIVE: 400,
  UNKNOWN_COLUMN: 400,
  TOO_FEW_ROWS: 400,
  TOO_MANY_MISSING: 400,
  FEATURES_CHANGED: 400,
  NON_FINITE_OUTPUT: 400,
  TRAINING_DIVERGED: 400,
  SHADOW_UNAVAILABLE: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CROSS_SITE: 403,
  JOB_NOT_FOUND: 404,
  NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  VERSION_NOT_FOUND: 404,
  PREDICTION_NOT_FOUND: 404,
  NOT_ACCEPTABLE: 406,
  REQUEST_TIMEOUT: 408,
  TRAINING_RUNNING: 409,
  INVALID_VERSION: 409,
  VERSION_IN_USE: 409,
  ALIASES_CHANGED: 409,
  NO_PREVIOUS_VERSION: 409,
  DRIFT_OFF: 409,
  TRAINING_CANCELLED: 409,
  PREDICTION_ANSWERED: 409,
  INTERVALS_UNAVAILABLE: 409,
  ANNOTATIONS_CHANGED: 412,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNSUPPORTED_ENCODING: 415,
  MISDIRECTED: 421,
  IDEMPOTENCY_KEY_REUSED: 422,
  LEVEL_UNAVAILABLE: 422,
  RATE_LIMITED: 429,
  TRAINING_CRASHED: 500,
  INTERNAL: 500,
  INVALID_BASELINE: 500,
  NOT_IMPLEMENTED: 501,
  FEEDBACK_UNAVAILABLE: 503,
  ISSUER_UNAVAILABLE: 503,
  AUDIT_UNAVAILABLE: 503,
  NOT_READY: 503,
  OVERLOADED: 503,
  STORE_UNWRITABLE: 507,
};

/** Seconds after which a client may try again what is refused as `OVERLOADED`. */
export const RETRY_AFTER = 5;

/** Codes of what health checks find. */
const UNHEALTHY: ReadonlySet<string> = new Set<ErrorCode>(['NOT_READY', 'MODEL_NOT_FOUND']);

/** Errors of Fastify, or of the hooks of an application, that a client causes, by their status. */
const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  503: 'NOT_READY',
};

export const ErrorReply = Type.Object(
  { error: Type.String(), code: Type.String(), request_id: Type.String() },
  { 'x-schema': 'ErrorReply', description: 'What went wrong: the place, what was expected and what was found' },
);
export type ErrorReply = Static<typeof ErrorReply>;

/** Returns the status of an error. One that a hook of an application throws has its own, or that which the hook has `set` on the reply. */
function statusOf(error: unknown, set: number): number {
  if (hasCode(error)) return STATUS[error.code];
  const { statusCode = set, code } = (error ?? {}) as Partial<FastifyError>;
  const status = statusCode >= 400 && statusCode < 600 ? statusCode : 500;
  // Any other status with which Fastify itself rejects a request becomes 400.
  const isOther = String(code).startsWith('FST_ERR_') && status < 500 && !(status in CODE_BY_STATUS);
  return isOther ? 400 : status;
}

/** Sends every error in the same form. Below 500 the client gets the message; from 500 on, only the log does. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler(sendError);

  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const allowed = methods.get(url) ?? new Set<string>();
    methods.set(url, allowed);
    for (const name of [method].flat()) allowed.add(name);
  });
  // A hook refuses such a request before a byte of its body is read.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const path = withoutKeys(request.url.replace(/\?.*/, ''));
    const patterns = Array.from(methods.keys()).filter((pattern) => matches(pattern, path));
    const allowed = patterns.length > 0 && new Set(patterns.flatMap((pattern) => Array.from(methods.get(pattern)!)));
    if (allowed) reply.header('allow', Array.from(allowed).join(', '));
    const status = allowed ? 405 : 404;
    const error = allowed
      ? `${path} does not support ${request.method}`
      : `there is no ${request.method} ${path.slice(0, 200)}`;
    reply.code(status).send({ error, code: CODE_BY_STATUS[status]!, request_id: request.id });
  });
}

/** Sends an error; also one that Fastify raises before it finds a route, such as for a URL that cannot be decoded. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendShaped(error, request, reply, (body) => body);
}

/** Like `sendError`, in the form of another protocol: `shape` gets the usual body and the status. */
export function sendShaped(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  shape: (body: ErrorReply, status: number) => unknown,
): FastifyReply {
  const error = storageError(thrown) ?? thrown;
  const status = statusOf(error, reply.statusCode);
  if (status >= 500 && status !== 501 && (status !== 503 || error !== thrown))
    request.log.error({ reqId: request.id, err: error }, 'request failed');
  if (error instanceof AccessError) reply.headers(error.headers);
  if (hasCode(error) && error.code === 'OVERLOADED') reply.header('retry-after', RETRY_AFTER);
  return reply
    .code(status)
    .header('x-request-id', request.id)
    .send(shape(describe(error, status, request), status));
}

function describe(error: unknown, status: number, request: FastifyRequest): ErrorReply {
  if (status === 500) return { error: 'internal error', code: 'INTERNAL', request_id: request.id };
  const code = hasCode(error) ? error.code : (CODE_BY_STATUS[status] ?? 'INVALID_REQUEST');
  const isHidden = UNHEALTHY.has(code) && !mayRead(request);
  return { error: isHidden ? 'not ready' : withoutKeys(message(error, request)), code, request_id: request.id };
}

/** Returns false for a health check of nobody in particular, who learns that the service is not ready, but not why. */
function mayRead({ routeOptions, principal }: FastifyRequest): boolean {
  return routeOptions.config.scope !== 'health' || principal.scopes.has('read');
}

/** Types of tables that other programs send, and what to send instead. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/gzip/, 'send the type of the unpacked file, and the header content-encoding: gzip'],
  [/zip|zstd|x-bzip|x-xz|x-tar/, 'unpack it'],
  [
    /jsonl|ndjson|json-seq|jsonlines/,
    'JSON Lines is not read here; send {"instances": [the lines as a list]}, a CSV or Parquet',
  ],
  [/spreadsheetml|ms-excel|opendocument/, 'save the sheet as CSV'],
  [/tab-separated|^text\/plain/, 'send it as text/csv: tabs and semicolons separate cells too'],
  [/feather|arrow/, 'Feather and Arrow files are application/vnd.apache.arrow.file'],
  [/parquet/, 'Parquet files are application/vnd.apache.parquet'],
];

function mediaTypeAdvice(type = ''): string {
  const advice = ADVICE.find(([pattern]) => pattern.test(type.toLowerCase()))?.[1];
  return advice === undefined ? '' : `; ${advice}`;
}

/** Fastify writes `body/options/epochs must be integer`; our messages read `options.epochs: must be integer`. */
function message(error: unknown, request: FastifyRequest): string {
  const { validation, validationContext, message: text, code } = error as FastifyError;
  // Fastify's own texts for these two name neither the expected nor the actual value.
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return `body: expected at most ${request.routeOptions.bodyLimit} bytes`;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const { content = { 'application/json': {} } } = (request.routeOptions.schema?.body ?? {}) as { content?: object };
    const expected = Object.keys(content).join(' or ');
    const given = request.headers['content-type'];
    return `content-type: expected ${expected}, got ${show(given)}${expected.includes('text/csv') ? mediaTypeAdvice(given) : ''}`;
  }
  const first = validation?.[0];
  if (!first) return text;
  const place = first.instancePath.slice(1).replaceAll('/', '.') || (validationContext ?? 'request');
  // The validator's message for a key that `additionalProperties: false` forbids.
  const expectation = first.message === 'schema is false' ? 'unknown key' : first.message;
  const { allowedValues } = first.params;
  if (place === 'body' && Array.isArray(request.body))
    return `body: expected an object, got a list${listAdvice(request)}`;
  if (Array.isArray(allowedValues)) return `${place}: expected ${allowedValues.map(show).join(', ')}`;
  return `${place}: ${expectation ?? 'is invalid'}`;
}

/** Returns how a list of rows, which predictions take as it is, is sent to a route that needs to know their targets. */
function listAdvice({ routeOptions }: FastifyRequest): string {
  const { content, properties } = (routeOptions.schema?.body ?? {}) as {
    content?: Record<string, { schema?: { properties?: object } }>;
    properties?: object;
  };
  const keys = properties ?? content?.[JSON_TYPE]?.schema?.properties ?? {};
  if (!('instances' in keys && 'target' in keys)) return '';
  return (
    '; send its rows as {"instances": [{"x": 1, "y": 2}, …], "target": "y"}, ' +
    'or, if they are lists, as {"instances": [[1], …], "targets": [2, …]}'
  );
}

/** Returns true if `path` matches a route pattern, such as `/train/:id` or `/docs/static/*`. */
function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/');
  const segments = path.split('/');
  if (parts.at(-1) === '*' ? segments.length < parts.length : segments.length !== parts.length) return false;
  return parts.every(
    (part, i) =>
      part === '*' || part.replace('::', ':') === segments[i] || (part.startsWith(':') && segments[i] !== ''),
  );
}
