import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { requireRowCounter } from '../drift/counts/wasm-row-counter.js';
import { loadEngine } from '../model/engines/load-engine.js';
import { Admission } from './access/admission.js';
import { buildAccess } from './build-access.js';
import { FastPath } from './fast-path/fast-path.js';
import { requestIds } from './http/request-id.js';
import { sendRequestId } from './log/request-log.js';
import { PredictionHistogram } from './metrics/prediction-histogram.js';
import { RequestHistogram } from './metrics/request-histogram.js';
import { modelRoutes } from './model-routes.js';
import { openModel } from './open-model.js';
import { Overload } from './overload/overload.js';
import { NO_PLATFORM } from './platform.js';
import { readOptions } from './plugin-config.js';
import type { ReconstructionRegressorOptions } from './plugin-options.js';

/**
 * Adds a model to an application: its routes, below the prefix, with the application's hooks. May be registered several times. Nothing
 * of it concerns the process: no signals, no global metrics. Rejects for an invalid option, or an engine that cannot be loaded.
 */
export const reconstructionRegressor: FastifyPluginAsync<ReconstructionRegressorOptions> = async (app, options) => {
  const config = readOptions(options);
  const label = options.modelName ?? (/([^/]+)\/*$/.exec(app.prefix)?.[1] || config.MODEL_NAME);
  const log = app.log.child({ model: label }) as Logger;
  const createEngine = await loadEngine(config.ENGINE);
  requireRowCounter();
  const model = openModel(config, createEngine, NO_PLATFORM, log);
  const { addresses, ...control } = buildAccess(config, log);
  const admission = new Admission({
    perimeter: [],
    authenticators: [],
    limits: [],
    addressOf: (request) => addresses.of(request),
  });
  const registry = new Registry();
  registry.setDefaultLabels({ model: label });
  const measured = {
    registry,
    durations: new RequestHistogram(),
    predictions: new PredictionHistogram(),
    overload: new Overload(log),
  };
  const requestId = requestIds();
  // Those of the application may begin again after a restart, and feedback names predictions by them.
  app.setGenReqId(requestId);
  app.addHook('onRoute', (route) => {
    route.bodyLimit ??= config.BODY_LIMIT;
  });
  // What does not exist below a prefix is answered like all other errors there.
  if (app.prefix !== '') app.setNotFoundHandler(() => {});
  sendRequestId(app);
  await modelRoutes(app, {
    parts: model.parts,
    config,
    platform: NO_PLATFORM,
    control: { ...control, addresses, admission },
    auditLog: undefined,
    // The application decides where it listens, and whom its hooks let pass.
    openTo: [],
    // No server passes requests to it, so that Fastify answers all of them.
    fastPath: new FastPath({ ...measured, enabled: false, requestId, bodyLimit: config.BODY_LIMIT, admission, log }),
    ...measured,
  });
  app.addHook('onReady', () => model.startWithin());
  app.addHook('onClose', async () => {
    control.close();
    await model.close();
  });
};
