import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { DomainError } from '../../base/domain-error.js';
import { nullable } from '../../base/json/nullable.js';
import type { FileStore } from '../../model/store/file-store.js';
import { StoreHealth } from '../../model/store/store-health.js';
import { verifyProbe } from '../../model/versions/probe.js';
import { may, requireScope } from '../access/principal.js';
import { ErrorReply } from '../http/errors.js';
import { errors, operation } from '../http/operation.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';

/** Fields that `?verbose` adds to either reply. */
const Details = Type.Partial(
  Type.Object({
    store: Type.Object({ location: Type.String(), versions: Type.Integer(), ...StoreHealth.properties }),
    engine: nullable(Type.String()),
    probe: nullable(
      Type.Object({
        passed: Type.Boolean(),
        largest_deviation: nullable(Type.Number(), {
          description: 'relative to the value plus one standard deviation; the check fails from 1e-4',
        }),
        reason: nullable(Type.String()),
      }),
      { description: "the serving version's probe batch, replayed just now" },
    ),
  }),
);
type Details = Static<typeof Details>;

const Ready = Type.Object(
  {
    status: Type.Literal('ready'),
    model_version: Type.Optional(Type.String({ description: 'with a credential that has the scope `read`' })),
    ...Details.properties,
  },
  { 'x-schema': 'Ready' },
);
const NotReady = Type.Object({ ...ErrorReply.properties, ...Details.properties }, { 'x-schema': 'NotReady' });

const Query = Type.Object({
  verbose: Type.Optional(
    Type.Enum(['', 'true', 'false'], {
      description: 'report store, engine and probe as well, which requires the scope `read`',
    }),
  ),
});

export function healthRoutes(app: FastifyInstance, service: PredictionService, store: FileStore): void {
  app.get(
    '/livez',
    operation('monitoring', 'Liveness: the process answers', {
      operationId: 'isLive',
      config: { scope: 'health', quiet: true },
      response: { 200: Type.Object({ status: Type.Literal('live') }) },
    }),
    async () => ({ status: 'live' }),
  );

  app.get<{ Querystring: Static<typeof Query> }>(
    '/readyz',
    operation('monitoring', 'Readiness: a model is loaded and has passed its probe; a 503 reports why not', {
      operationId: 'isReady',
      config: { scope: 'health', quiet: true },
      querystring: Query,
      response: { 200: Ready, 503: NotReady, ...errors(400) },
    }),
    async ({ query: { verbose = 'false' }, id, principal }, reply) => {
      if (verbose !== 'false') requireScope(principal, 'read', 'verbose');
      const details = verbose === 'false' ? {} : await describe(service, store);
      try {
        const { version } = service.ready;
        if (!may(principal, 'read')) return { status: 'ready' };
        return { status: 'ready', model_version: String(version), ...details };
      } catch (error) {
        if (!(error instanceof DomainError) || verbose === 'false') throw error;
        return reply.code(503).send({ error: error.message, code: error.code, request_id: id, ...details });
      }
    },
  );
}

async function describe(service: PredictionService, store: FileStore): Promise<Details> {
  const [health, versions] = await Promise.all([store.health(), store.list().catch(() => [])]);
  const serving = service.servingIfReady;
  return {
    store: { location: store.location, versions: versions.length, ...health },
    engine: serving?.predictor.engine.name ?? null,
    probe: serving ? replay(serving) : null,
  };
}

function replay({ predictor, probe }: Serving): NonNullable<Details['probe']> {
  try {
    return { passed: true, largest_deviation: verifyProbe(predictor, probe), reason: null };
  } catch (error) {
    return { passed: false, largest_deviation: null, reason: (error as Error).message };
  }
}
