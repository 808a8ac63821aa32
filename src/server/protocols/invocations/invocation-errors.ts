import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import { ErrorReply, sendShaped } from '../../http/errors.js';

export const TAG = 'mlflow, sagemaker';

/** MLflow's error codes by status. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
};

export const InvocationError = Type.Object(
  {
    error_code: Type.String(),
    message: Type.String(),
    ...ErrorReply.properties,
  },
  { 'x-schema': 'InvocationError' },
);

/** The replies of all statuses but 415, which is plain text. */
export const INVOCATION_ERRORS = Object.fromEntries(
  [400, 401, 403, 404, 408, 413, 421, 429, 501, 503].map((status) => [status, InvocationError]),
);

/** Sends errors with MLflow's keys beside our own, and the refusal of a media type as plain text. */
export function handleInvocationErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply: FastifyReply) =>
    sendShaped(error, request, reply, (body, status) => {
      if (status === 415) {
        reply.type('text/plain; charset=utf-8');
        return body.error;
      }
      reply.type('application/json; charset=utf-8');
      return invocationError(body, status);
    }),
  );
}

/** Returns the body of an error with MLflow's keys. */
export function invocationError(body: ErrorReply, status: number): Static<typeof InvocationError> {
  return { error_code: ERROR_CODES[status] ?? 'BAD_REQUEST', message: body.error, ...body };
}
