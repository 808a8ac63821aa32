import type { Server as HttpsServer } from 'node:https';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { Registry } from 'prom-client';
import { addressesOf } from './access/perimeter/exposure.js';
import type { LineOutput } from './audit/audit-stream.js';
import { createAudit } from './audit/create-audit.js';
import { buildAccess } from './build-access.js';
import type { Config } from './config.js';
import { FastPath } from './fast-path/fast-path.js';
import { refuseConnection } from './http/connection.js';
import { sendError } from './http/errors.js';
import { requestIds } from './http/request-id.js';
import { requestLog, sendRequestId } from './log/request-log.js';
import { registerAccessMetrics } from './metrics/access-metrics.js';
import { registerAuditMetrics } from './metrics/audit-metrics.js';
import { registerLimitMetrics } from './metrics/limit-metrics.js';
import { registerLogMetrics } from './metrics/log-metrics.js';
import { registerOidcMetrics, registerSessionMetrics } from './metrics/oidc-metrics.js';
import { registerOverloadMetrics } from './metrics/overload-metrics.js';
import { PredictionHistogram } from './metrics/prediction-histogram.js';
import { registerProcessMetrics } from './metrics/process-metrics.js';
import { RequestHistogram } from './metrics/request-histogram.js';
import { modelRoutes } from './model-routes.js';
import { maxConnections } from './overload/max-connections.js';
import { Overload } from './overload/overload.js';
import type { Parts } from './parts.js';
import type { Platform } from './platform.js';
import { cors } from './plugins/cors.js';
import { lastReplies } from './plugins/last-replies.js';
import { chargeFastReply } from './plugins/limits.js';
import { refuseOverload } from './plugins/overload.js';
import { tensorflowPath } from './protocols/tensorflow-serving/tensorflow-path.js';

/** Keys that an entry of the audit log names at most. */
const MAX_LISTED = 20;
/** Milliseconds within which a client must send its whole request. */
const REQUEST_TIMEOUT = 300_000;

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
 * Builds the stand-alone server without listening: the routes of its model, and what a process of its own needs. `output` is
 * where the log goes, for its metric and the audit log. `control` decides which requests are answered.
 */
export async function buildApp(
  parts: Parts,
  config: Config,
  platform: Pick<Platform, 'vertex' | 'readOnly'>,
  output: LineOutput = { dropped: 0, write: () => {} },
  control = buildAccess(config, parts.log),
): Promise<FastifyInstance> {
  const { changes, log } = parts;
  const { BODY_LIMIT: bodyLimit } = config;
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

  const registry = new Registry();
  registerLogMetrics(registry, output);
  registerAccessMetrics(registry, { failures: control.admission.failures, keys: control.keys, tls: control.tls });
  registerSessionMetrics(registry, control.pageSessions.sessions);
  registerOidcMetrics(registry, control.oidc?.issuer);
  registerLimitMetrics(registry, control.limits);
  registerAuditMetrics(registry, auditLog);
  registerProcessMetrics(registry);
  limitConnections(app, registry, overload);
  app.server.on('connection', control.connections.onConnection);
  control.keys?.onChange((ids) => changes.done('keys-read', null, { ...control.keys!.count(), changed: listed(ids) }));
  app.addHook('onClose', () => control.close());

  sendRequestId(app);
  requestLog(app, log.isLevelEnabled('debug'));
  lastReplies(app, () => fastPath.leaveToFastify());
  refuseOverload(app, overload);
  cors(app, control.cors);
  urgentRoutes(app, fastPath);
  const measured = { registry, durations, predictions, overload };
  const openTo = control.admission.isClosed ? null : addressesOf(config.HOST);
  await modelRoutes(app, { parts, config, platform, control, auditLog, openTo, fastPath, ...measured });
  return app;
}

/** Names some of the keys that have changed. */
function listed(ids: readonly string[]): string {
  return ids.slice(0, MAX_LISTED).join(' ') + (ids.length > MAX_LISTED ? ` and ${ids.length - MAX_LISTED} more` : '');
}
