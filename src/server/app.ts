import type { Server as HttpsServer } from 'node:https';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import fastJsonStringify from 'fast-json-stringify';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify';
import { Registry } from 'prom-client';
import { readJson } from '../base/json/parse-json.js';
import { MEMORY } from '../base/node/memory-limits.js';
import { addressesOf } from './access/perimeter/exposure.js';
import type { LineOutput } from './audit/audit-stream.js';
import { createAudit } from './audit/create-audit.js';
import { collectBody, type Payload } from './bodies/collect-body.js';
import { LARGE_BODY } from './bodies/large-body.js';
import { RequestMemory } from './bodies/request-memory.js';
import { buildAccess } from './build-access.js';
import type { Config } from './config.js';
import { FastPath } from './fast-path/fast-path.js';
import { inviteBody, refuseConnection } from './http/connection.js';
import { handleErrors, sendError } from './http/errors.js';
import { EventStreams } from './http/event-stream.js';
import { requestIds } from './http/request-id.js';
import { BodyReader } from './inference/body-reader.js';
import { Inference } from './inference/inference.js';
import { requestLog } from './log/request-log.js';
import { registerAccessMetrics } from './metrics/access-metrics.js';
import { registerAuditMetrics } from './metrics/audit-metrics.js';
import { registerDriftMetrics } from './metrics/drift-metrics.js';
import { registerErrorMetrics } from './metrics/error-metrics.js';
import { registerFeedbackMetrics } from './metrics/feedback-metrics.js';
import { registerLimitMetrics } from './metrics/limit-metrics.js';
import { registerLogMetrics } from './metrics/log-metrics.js';
import { registerModelMetrics } from './metrics/model-metrics.js';
import { registerOidcMetrics, registerSessionMetrics } from './metrics/oidc-metrics.js';
import { registerOverloadMetrics } from './metrics/overload-metrics.js';
import { PredictionHistogram } from './metrics/prediction-histogram.js';
import { RequestHistogram } from './metrics/request-histogram.js';
import { registerRequestMemoryMetrics } from './metrics/request-memory-metrics.js';
import { maxConnections } from './overload/max-connections.js';
import { Overload } from './overload/overload.js';
import type { Parts } from './parts.js';
import type { Platform } from './platform.js';
import { access } from './plugins/access.js';
import { audit } from './plugins/audit.js';
import { cors } from './plugins/cors.js';
import { errorStatuses } from './plugins/error-statuses.js';
import { lastReplies } from './plugins/last-replies.js';
import { chargeFastReply, limits } from './plugins/limits.js';
import { metrics } from './plugins/metrics.js';
import { openapi } from './plugins/openapi.js';
import { refuseOverload } from './plugins/overload.js';
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
import { tensorflowPath } from './protocols/tensorflow-serving/tensorflow-path.js';
import { tensorflowServing } from './protocols/tensorflow-serving/tensorflow-serving.js';
import { vertex } from './protocols/vertex/vertex.js';
import { driftRoutes } from './routes/drift/drift.js';
import { feedbackRoute } from './routes/feedback.js';
import { healthRoutes } from './routes/health.js';
import { homeRoute } from './routes/home.js';
import { metricsRoute } from './routes/metrics.js';
import { activationRoutes } from './routes/models/activate.js';
import { archiveRoutes } from './routes/models/archive.js';
import { catalogRoutes } from './routes/models/catalog.js';
import { compareRoute } from './routes/models/compare.js';
import { onnxRoute } from './routes/models/onnx.js';
import { removeRoute } from './routes/models/remove.js';
import { servingModelRoute } from './routes/models/serving-model.js';
import { predictRoute } from './routes/predict.js';
import { sessionRoutes } from './routes/session/session.js';
import { jobRoutes } from './routes/training/jobs.js';
import { trainRoute } from './routes/training/train.js';
import { Uploads } from './service/versions/uploads.js';

/** Keys that an entry of the audit log names at most. */
const MAX_LISTED = 20;
/** Milliseconds within which a client must send its whole request. */
const REQUEST_TIMEOUT = 300_000;

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

/** Lets health checks and scrapes pass by all requests that wait. */
function urgentRoutes(app: FastifyInstance, fastPath: FastPath): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (method === 'GET' && config?.quiet) fastPath.addUrgent(url.replaceAll('::', ':'));
  });
}

/** Bounds the number of connections. Node.js closes one above the limit at once, at a fraction of the cost of a reply. */
function limitConnections({ server }: FastifyInstance, registry: Registry, overload: Overload): void {
  server.maxConnections = maxConnections();
  // Not those of its socket alone: another one may pass connections on to it.
  let open = 0;
  server.on('connection', (socket) => {
    open++;
    socket.once('close', () => open--);
  });
  server.on('drop', () => overload.refusedConnections++);
  registerOverloadMetrics(registry, {
    refusedRequests: overload.refusedRequests,
    get refusedConnections() {
      return overload.refusedConnections;
    },
    maxConnections: server.maxConnections,
    get connections() {
      return open;
    },
  });
}

/**
 * Builds the whole application without listening. `output` is where the log goes, for its metric and the audit log. `control`
 * decides which requests are answered.
 */
export async function buildApp(
  parts: Parts,
  config: Config,
  platform: Pick<Platform, 'vertex' | 'readOnly'>,
  output: LineOutput = { dropped: 0, write: () => {} },
  control = buildAccess(config, parts.log),
): Promise<FastifyInstance> {
  const { service, jobs, drift, feedback, store, loader, catalog, changes, prune, createEngine, log } = parts;
  const { MODEL_NAME: name, BODY_LIMIT: bodyLimit, TRAIN_BODY_LIMIT: trainBodyLimit, MAX_ROWS: maxRows } = config;
  const allowMissing = config.ON_MISSING === 'mean';
  // A platform that predicts at the same path uses its own protocol there.
  const nativePredict = platform.vertex?.predict !== '/predict';
  const auditLog = await createAudit(config.AUDIT_LOG, output, log);
  const requestId = requestIds();
  const durations = new RequestHistogram();
  const predictions = new PredictionHistogram();
  const overload = new Overload(log);
  const fastPath = new FastPath({
    enabled: config.FAST_PATH === 'on',
    tls: control.tls?.options,
    durations,
    predictions,
    requestId,
    bodyLimit,
    overload,
    admission: control.admission,
    onReply: control.limits.hasRates ? chargeFastReply(control) : undefined,
    log,
  });
  const app = fastify({
    serverFactory: fastPath.createServer,
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: 1000 * config.KEEP_ALIVE_TIMEOUT,
    // Fastify's own refusal is not an error reply of ours. Requests on open connections are still answered.
    return503OnClosing: false,
    frameworkErrors: sendError,
    clientErrorHandler: refuseConnection,
    genReqId: requestId,
    rewriteUrl: ({ url = '/' }) => tensorflowPath(url),
    // A logger per request costs more than the forward pass of a row. Log lines name the request's id instead.
    childLoggerFactory: (logger) => logger,
  });
  fastPath.leaveToFastifyOnClose(app);
  control.tls?.onContext((context) => (app.server as HttpsServer).setSecureContext(context));
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSerializerCompiler(({ schema }) => lateSerializer(schema));
  parseJson(app, bodyLimit);

  const registry = new Registry();
  const modelMetrics = registerModelMetrics(registry, service);
  service.observe((observation) => modelMetrics.observe(observation));
  registerDriftMetrics(registry, drift, config.DRIFT_FEATURES_WITH_BINS);
  registerFeedbackMetrics(registry, feedback);
  registerErrorMetrics(registry, service, drift);
  registerLogMetrics(registry, output);
  const { failures } = control.admission;
  registerAccessMetrics(registry, { failures, keys: control.keys, tls: control.tls });
  const { pageSessions, oidc } = control;
  registerSessionMetrics(registry, pageSessions.sessions);
  registerOidcMetrics(registry, oidc?.issuer);
  registerLimitMetrics(registry, control.limits);
  registerAuditMetrics(registry, auditLog);
  const memory = new RequestMemory(MEMORY.requests);
  registerRequestMemoryMetrics(registry, memory);
  limitConnections(app, registry, overload);
  app.server.on('connection', control.connections.onConnection);
  app.addHook('onClose', () => feedback.close());
  jobs.on('end', (job) => modelMetrics.observeJob(job));
  const reader = new BodyReader();
  app.addHook('onClose', () => reader.close());

  requestLog(app, log.isLevelEnabled('debug'));
  lastReplies(app, () => fastPath.leaveToFastify());
  refuseOverload(app, overload);
  cors(app, control.cors);
  access(app, control.admission);
  limits(app, control);
  control.keys?.onChange((ids) => changes.done('keys-read', null, { ...control.keys!.count(), changed: listed(ids) }));
  audit(app, { audit: auditLog, addresses: control.addresses, jobs, changes });
  app.addHook('onClose', () => control.close());
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
  urgentRoutes(app, fastPath);
  errorStatuses(app);
  await openapi(app, service, control.admission);

  homeRoute(app, platform.readOnly);
  const openTo = control.admission.isClosed ? null : addressesOf(config.HOST);
  const keys = control.kinds.includes('keys');
  await app.register(sessionRoutes, { openTo, keys, pageSessions, oidc: oidc?.signIn });
  healthRoutes(app, service, store);
  metricsRoute(app, registry);
  servingModelRoute(app, service, name);
  onnxRoute(app, store, name);
  const uploads = new Uploads(store, bodyLimit);
  app.addHook('onClose', () => uploads.close());
  await app.register(archiveRoutes, { store, uploads, prune, name, bodyLimit });
  catalogRoutes(app, { store, catalog, service, name });
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
  await app.register(openInference, { model, service, inference, fastPath });
  await app.register(modelRepository, {
    model,
    service,
    activate: (version) => loader.activate(version),
    activateStored: () => loader.activateStored(),
  });
  await app.register(invocations, { model, inference, fastPath, flatten });
  await app.register(mlflow, { service });
  if (platform.vertex) await app.register(vertex, { routes: platform.vertex, service, inference, fastPath });
  return app;
}

/** Names some of the keys that have changed. */
function listed(ids: readonly string[]): string {
  return ids.slice(0, MAX_LISTED).join(' ') + (ids.length > MAX_LISTED ? ` and ${ids.length - MAX_LISTED} more` : '');
}
