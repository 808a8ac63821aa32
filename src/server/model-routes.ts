import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import fastJsonStringify from 'fast-json-stringify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { readJson } from '../base/json/parse-json.js';
import { MEMORY } from '../base/node/memory-limits.js';
import type { AuditLog } from './audit/audit-log.js';
import { collectBody, type Payload } from './bodies/collect-body.js';
import { LARGE_BODY } from './bodies/large-body.js';
import { RequestMemory } from './bodies/request-memory.js';
import type { Access } from './build-access.js';
import type { Config } from './config.js';
import type { FastPath } from './fast-path/fast-path.js';
import { inviteBody } from './http/connection.js';
import { handleErrors } from './http/errors.js';
import { EventStreams } from './http/event-stream.js';
import { BodyReader } from './inference/body-reader.js';
import { Inference } from './inference/inference.js';
import { registerDriftMetrics } from './metrics/drift-metrics.js';
import { registerErrorMetrics } from './metrics/error-metrics.js';
import { registerFeedbackMetrics } from './metrics/feedback-metrics.js';
import { registerModelMetrics } from './metrics/model-metrics.js';
import type { PredictionHistogram } from './metrics/prediction-histogram.js';
import type { RequestHistogram } from './metrics/request-histogram.js';
import { registerRequestMemoryMetrics } from './metrics/request-memory-metrics.js';
import type { Overload } from './overload/overload.js';
import type { Parts } from './parts.js';
import type { Platform } from './platform.js';
import { access } from './plugins/access.js';
import { audit } from './plugins/audit.js';
import { errorStatuses } from './plugins/error-statuses.js';
import { limits } from './plugins/limits.js';
import { metrics } from './plugins/metrics.js';
import { openapi } from './plugins/openapi.js';
import { readOnly } from './plugins/read-only.js';
import { replyEncoding } from './plugins/reply-encoding.js';
import { requestEncoding } from './plugins/request-encoding.js';
import { requestMemory } from './plugins/request-memory.js';
import { invocations } from './protocols/invocations/invocations.js';
import { mlflow } from './protocols/invocations/mlflow.js';
import { modelRepository } from './protocols/open-inference/model-repository.js';
import { openInference } from './protocols/open-inference/open-inference.js';
import { ServedModel } from './protocols/served-model.js';
import { kserveV1 } from './protocols/tensorflow-serving/kserve-v1.js';
import { tensorflowServing } from './protocols/tensorflow-serving/tensorflow-serving.js';
import { vertex } from './protocols/vertex/vertex.js';
import { driftRoutes } from './routes/drift/drift.js';
import { feedbackRoute } from './routes/feedback.js';
import { healthRoutes } from './routes/health.js';
import { homeRoute } from './routes/home.js';
import { metricsRoute } from './routes/metrics.js';
import { activationRoutes } from './routes/models/activate.js';
import { annotateRoute } from './routes/models/annotate.js';
import { archiveRoutes } from './routes/models/archive.js';
import { catalogRoutes } from './routes/models/catalog.js';
import { compareRoute } from './routes/models/compare.js';
import { onnxRoute } from './routes/models/onnx.js';
import { removeRoute } from './routes/models/remove.js';
import { reportRoute } from './routes/models/report.js';
import { servingModelRoute } from './routes/models/serving-model.js';
import { predictRoute } from './routes/predict.js';
import { sessionRoutes } from './routes/session/session.js';
import { jobRoutes } from './routes/training/jobs.js';
import { trainRoute } from './routes/training/train.js';
import { Uploads } from './service/versions/uploads.js';

/** What the routes of a model use of the server that they are registered with. */
export interface ModelRoutesOptions {
  readonly parts: Parts;
  readonly config: Config;
  readonly platform: Pick<Platform, 'vertex' | 'readOnly'>;
  /** Decides which requests are answered. */
  readonly control: Access;
  readonly auditLog: AuditLog | undefined;
  /** Addresses at which everyone may do everything; none if the application around it decides, null if credentials are required. */
  readonly openTo: readonly string[] | null;
  /** Where the model's metrics go. */
  readonly registry: Registry;
  readonly durations: RequestHistogram;
  readonly predictions: PredictionHistogram;
  readonly overload: Overload;
  readonly fastPath: FastPath;
}

/** Adds the routes of a model, with the hooks that they need. They see no other routes of `app` than those below its prefix. */
export async function modelRoutes(app: FastifyInstance, options: ModelRoutesOptions): Promise<void> {
  const { parts, config, platform, control, auditLog, registry, durations, predictions, overload, fastPath } = options;
  const { service, jobs, drift, feedback, store, loader, catalog, notes, changes, prune, createEngine } = parts;
  const { MODEL_NAME: name, BODY_LIMIT: bodyLimit, TRAIN_BODY_LIMIT: trainBodyLimit, MAX_ROWS: maxRows } = config;
  const allowMissing = config.ON_MISSING === 'mean';
  // A platform that predicts at the same path uses its own protocol there.
  const nativePredict = platform.vertex?.predict !== '/predict';
  const { oidc, pageSessions } = control;
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // An error may also be that of a hook of the application around, in a form of its own.
  app.setSerializerCompiler(({ schema, httpStatus }) =>
    /^[45]/.test(httpStatus ?? '') ? JSON.stringify : lateSerializer(schema),
  );
  parseJson(app, bodyLimit);

  const modelMetrics = registerModelMetrics(registry, service);
  service.observe((observation) => modelMetrics.observe(observation));
  registerDriftMetrics(registry, drift, config.DRIFT_FEATURES_WITH_BINS);
  registerFeedbackMetrics(registry, feedback);
  registerErrorMetrics(registry, service, drift);
  const memory = new RequestMemory(MEMORY.requests);
  registerRequestMemoryMetrics(registry, memory);
  app.addHook('onClose', () => feedback.close());
  jobs.on('end', (job) => modelMetrics.observeJob(job));
  const reader = new BodyReader();
  app.addHook('onClose', () => reader.close());

  access(app, control.admission);
  limits(app, control);
  audit(app, { audit: auditLog, addresses: control.addresses, jobs, changes });
  handleErrors(app);
  metrics(app, registry, durations, predictions, overload);
  requestMemory(app, memory);
  requestEncoding(app);
  app.addHook('preParsing', (_request, { raw }, payload, done) => {
    inviteBody(raw);
    done(null, payload);
  });
  replyEncoding(app);
  if (platform.readOnly) readOnly(app);
  errorStatuses(app);
  await openapi(app, service, control.admission);

  homeRoute(app, platform.readOnly);
  const keys = control.kinds.includes('keys');
  await app.register(sessionRoutes, { openTo: options.openTo, keys, pageSessions, oidc: oidc?.signIn });
  healthRoutes(app, service, store);
  metricsRoute(app, registry);
  servingModelRoute(app, service, name);
  onnxRoute(app, store, name);
  const uploads = new Uploads(store, bodyLimit);
  app.addHook('onClose', () => uploads.close());
  await app.register(archiveRoutes, { store, uploads, prune, name, bodyLimit });
  catalogRoutes(app, { store, catalog, notes, service, name });
  annotateRoute(app, notes);
  reportRoute(app, { store, catalog, notes, name });
  activationRoutes(app, loader);
  removeRoute(app, store, loader);
  compareRoute(app, store, createEngine);
  const inference = new Inference({ service, reader, maxRows, allowMissing });
  if (nativePredict) {
    await app.register(predictRoute, { inference, fastPath, drift, feedback, storesRows: !platform.readOnly });
  }
  const streams = new EventStreams(({ client }) => control.limits.hold('event_streams', client));
  driftRoutes(app, { drift, feedback, streams });
  await app.register(feedbackRoute, { feedback, reader });
  const trainMaxRows = config.TRAIN_MAX_ROWS;
  await app.register(trainRoute, { service, jobs, feedback, reader, trainBodyLimit, trainMaxRows });
  jobRoutes(app, jobs, streams);

  const model = new ServedModel({ name, service, store });
  const flatten = config.FLATTEN === 'true';
  await app.register(tensorflowServing, { model, inference, fastPath, flatten });
  await app.register(kserveV1, { model });
  await app.register(openInference, { model, service, inference, fastPath, maxRows: config.MAX_ROWS });
  await app.register(modelRepository, {
    model,
    service,
    activate: (version) => loader.activate(version),
    activateStored: () => loader.activateStored(),
  });
  await app.register(invocations, { model, inference, fastPath, flatten });
  await app.register(mlflow, { service });
  if (platform.vertex) await app.register(vertex, { routes: platform.vertex, service, inference, fastPath });
}

/**
 * Replaces Fastify's parsers: reports where a body is not valid JSON, and accepts no plain text. Routes that accept rows have
 * parsers of their own. All other bodies are small; a large one is a mistake that must not block the event loop.
 */
function parseJson(app: FastifyInstance, bodyLimit: number): void {
  const limit = Math.min(LARGE_BODY, bodyLimit);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Payload) =>
    readJson(await collectBody(request, payload, limit)),
  );
}

/** Compiles a reply's serialiser when it is first needed: compiling all of them would take a fifth of the start. */
function lateSerializer(schema: unknown): (data: unknown) => string {
  let serialize: ((data: unknown) => string) | undefined;
  return (data) => {
    serialize ??= fastJsonStringify(schema as fastJsonStringify.Schema);
    return serialize(data);
  };
}
