import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ClientAddresses } from '../access/client-address.js';
import { isOpen } from '../access/scopes.js';
import type { AuditAction, AuditActor, AuditEvent } from '../audit/audit-event.js';
import { SERVICE } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import { AuditSummaries } from '../audit/audit-summaries.js';
import { hasCode } from '../http/http-error.js';
import type { Job } from '../service/training/job.js';
import type { TrainingJobs } from '../service/training/training-jobs.js';
import type { OwnChanges } from '../service/versions/own-changes.js';

/** How a route's requests are audited. */
export interface AuditRule {
  readonly action: AuditAction;
  /** The parameter of the path that names on what it acts. */
  readonly target?: string;
  /** Returns false for a request that changes nothing. */
  readonly changes?: (request: FastifyRequest) => boolean;
  /** Only the outcome is recorded, and the request is answered even if that cannot be written: the model stays as it is. */
  readonly onlyOutcome?: boolean;
  /** Sum requests up by the minute: there may be many a second. */
  readonly summarized?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How requests are audited; false for a route that changes nothing although it could by its method and scope. */
    readonly audit?: AuditRule | false;
  }
  interface FastifyRequest {
    /** What came of it, for the audit log. Handlers set it; with `failed` if nothing was done although the status says so. */
    auditDetail: AuditEvent['detail'];
    /** Whether the change was recorded before it was begun. */
    isAudited: boolean;
    /** Names the training that the request has started, whose end is recorded as well. */
    followTraining(job: string): void;
  }
}

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Scopes whose requests, by the other methods, only ask something. */
const ASKING = new Set(['predict', 'read', 'metrics', 'open', 'health']);
/** Trainings whose starter is remembered until their end. */
const MAX_STARTERS = 1000;

export interface AuditOptions {
  readonly audit: AuditLog | undefined;
  readonly addresses: Pick<ClientAddresses, 'of'>;
  readonly jobs: Pick<TrainingJobs, 'on'>;
  readonly changes: OwnChanges;
}

/**
 * Records changes before they are begun and with their outcome, and sums up what was refused. Of the routes registered from here on, each
 * one that may change something must declare how. What the service changes by itself is recorded, too, and never refused.
 */
export function audit(app: FastifyInstance, { audit: log, addresses, jobs, changes }: AuditOptions): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    const isSafe = [method].flat().every((name) => SAFE.has(name));
    if (isSafe || ASKING.has(config?.scope ?? 'admin') || config?.audit !== undefined) return;
    throw new Error(`${method} ${url} does not declare how it is audited: config: { audit: … }`);
  });
  app.decorateRequest('auditDetail', undefined);
  app.decorateRequest('isAudited', false);
  const starters = new Map<string, AuditActor>();
  app.decorateRequest('followTraining', function (this: FastifyRequest, job: string) {
    if (!log) return;
    this.auditDetail = { job };
    if (starters.size >= MAX_STARTERS) starters.delete(starters.keys().next().value!);
    starters.set(job, actorOf(this));
  });
  const actorOf = (request: FastifyRequest): AuditActor => {
    const { id: who, kind } = request.principal;
    return { who, kind, from: addresses.of(request.raw) };
  };
  if (!log) return;

  const summaries = new AuditSummaries(log);
  const describe = (request: FastifyRequest, { action, target }: AuditRule) => ({
    ...actorOf(request),
    action,
    target: target === undefined ? null : ((request.params as Record<string, string>)[target] ?? '').slice(0, 100),
    request_id: request.id,
  });

  app.addHook('preHandler', (request, _reply, done) => {
    const { audit: rule } = request.routeOptions.config;
    if (!rule || rule.summarized || rule.changes?.(request) === false) return done();
    if (rule.onlyOutcome) {
      request.isAudited = true;
      return done();
    }
    log.begin({ ...describe(request, rule), outcome: 'begun' }).then(() => {
      request.isAudited = true;
      done();
    }, done);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const { audit: rule } = request.routeOptions.config;
    if (!rule || !request.isAudited) return done(null, payload);
    const { statusCode: status } = reply;
    const { auditDetail: detail } = request;
    const isDone = status < 400 && detail?.['failed'] === undefined;
    const entry = { ...describe(request, rule), outcome: isDone ? 'done' : 'failed', status } as const;
    log.end({ ...entry, ...(detail && { detail }) }).then(() => done(null, payload));
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { audit: rule } = request.routeOptions.config;
    const { statusCode: status } = reply;
    done();
    if (!rule || request.isAudited || status === 401 || rule.changes?.(request) === false) return;
    if (status >= 400 || rule.summarized) {
      summaries.add({ ...actorOf(request), action: rule.action, target: null, status });
    }
  });
  app.addHook('onError', (request, _reply, error, done) => {
    const { scope } = request.routeOptions.config;
    if (
      hasCode(error) &&
      (error.code === 'UNAUTHENTICATED' || (error.code === 'FORBIDDEN' && !request.routeOptions.config.audit))
    ) {
      const status = error.code === 'UNAUTHENTICATED' ? 401 : 403;
      summaries.add({
        ...actorOf(request),
        action: 'authenticate',
        target: scope && !isOpen(scope) ? scope : null,
        status,
      });
    }
    done();
  });
  jobs.on('end', (job) => {
    void log.end(endOf(job, starters.get(job.id) ?? SERVICE));
    starters.delete(job.id);
  });
  changes.on('change', (change) => void log.end({ ...SERVICE, ...change }));
  app.addHook('onClose', async () => {
    await changes.settled();
    await summaries.write();
    await log.close();
  });
}

function endOf(job: Job, actor: AuditActor): AuditEvent {
  const { id, state, model_version, gate } = job;
  const detail = { state, model_version: model_version ?? null, decision: gate?.decision ?? null };
  return { ...actor, action: 'training-end', target: id, outcome: state === 'succeeded' ? 'done' : 'failed', detail };
}
