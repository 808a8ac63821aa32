import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { FastPath, FastRoute } from '../fast-path/fast-path.js';
import type { Inference } from './inference.js';
import type { InferenceRequest } from './inference-request.js';

/** The body of a request without one. */
export const NO_BODY: Buffer = Buffer.alloc(0);
/** The query of every request on the fast path. */
export const NO_QUERY = Object.freeze({});

/** What every prediction requires, on either path. */
const SCOPE = 'predict';

/** The parts of an HTTP request that a protocol reads. */
export interface PredictionInput<Params> {
  readonly headers: IncomingHttpHeaders;
  readonly params: Params;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** One declaration of a prediction's route, for Fastify and for the fast path. */
export interface PredictionRoute<Params> {
  /** Fastify's pattern, under which metrics count the route. */
  readonly pattern: string;
  readonly schema: FastifySchema;
  /** Called for a request that was refused or failed, with the milliseconds since its arrival, on either path. */
  readonly onFailed?: (milliseconds: number) => void;
  /** Returns what to read, predict and write. Throws the error of an invalid request, or rejects with it. */
  readonly request: (input: PredictionInput<Params>) => InferenceRequest | Promise<InferenceRequest>;
  /** What the fast path takes of the route, if anything. */
  readonly fastPath?: FastPathRule<Params> | undefined;
}

/** The requests to a route that the fast path may take. */
export interface FastPathRule<Params> {
  /** Returns the path with these parameters, exactly as clients write it. */
  readonly path: (params: Params) => string;
  /** Parameters of the paths taken from the start. Others are taken once Fastify has answered a request to them. */
  readonly known: readonly Params[];
  /** Values of `content-type` accepted beside that of JSON. */
  readonly types?: readonly string[];
  /** False if the route sends JSON without `charset=utf-8`. */
  readonly charset?: boolean;
  /** Returns the body of an error in the form of the protocol, if that is not the usual one. */
  readonly errorBody?: FastRoute['errorBody'];
}

export interface PredictionRouteOptions {
  readonly inference: Inference;
  readonly fastPath: FastPath;
}

/** Registers a prediction's route with Fastify, and with the fast path what that may take. */
export function predictionRoute<Params>(
  app: FastifyInstance,
  { inference, fastPath }: PredictionRouteOptions,
  route: PredictionRoute<Params>,
): void {
  const { pattern, schema, onFailed, request, fastPath: rule } = route;

  function takeEarly(params: Params, { path, types = [], charset = true, errorBody }: FastPathRule<Params>): void {
    fastPath.add(path(params), {
      pattern,
      scope: SCOPE,
      types,
      charset,
      errorBody,
      onFailed,
      answer: (body, headers, reply) => {
        const inferenceRequest = request({ headers, params, query: NO_QUERY, body });
        if (inferenceRequest instanceof Promise) inferenceRequest.catch(() => {});
        else inference.answerSmall(reply, inferenceRequest);
      },
    });
  }

  if (rule) for (const params of rule.known) takeEarly(params, rule);
  app.post(
    pattern,
    {
      schema,
      ...(onFailed && {
        onResponse: ({ raw }: FastifyRequest, reply: FastifyReply, done: () => void) => {
          if (reply.statusCode >= 400) onFailed(fastPath.age(raw) ?? reply.elapsedTime);
          done();
        },
      }),
      // Readers check the body: a schema would walk the rows once more, and could not name `instances[3][5]`.
      validatorCompiler: () => () => true,
      config: { scope: SCOPE, predicts: true, quiet: true, readOnlySafe: true },
    },
    // Not async: one row is computed in the time that a promise takes.
    ({ headers, params, query, body }: FastifyRequest, reply: FastifyReply): void => {
      const input = { headers, params: params as Params, query: query as PredictionInput<Params>['query'] };
      const inferenceRequest = request({ ...input, body: (body as Buffer | undefined) ?? NO_BODY });
      if (inferenceRequest instanceof Promise) {
        inferenceRequest.then((made) => inference.answer(reply, made)).catch((error) => reply.send(error));
        return;
      }
      inference.answer(reply, inferenceRequest);
      if (rule && !fastPath.has(rule.path(input.params))) takeEarly(input.params, rule);
    },
  );
}
