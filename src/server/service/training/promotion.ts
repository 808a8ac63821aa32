import { isDeepStrictEqual } from 'node:util';
import type { FastifyBaseLogger } from 'fastify';
import { DomainError } from '../../../base/domain-error.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { ModelStore } from '../../../model/store/store.js';
import type { Columns } from '../../../model/tables/columns.js';
import type { Promote } from '../../../model/training/gate.js';
import { type GateRequest, handOver } from '../../../model/training/serving-model.js';
import type { Gate } from '../../../model/versions/gate-decision.js';
import { openVersion } from '../../../model/versions/version.js';
import type { PredictionService, Serving } from '../prediction/prediction-service.js';
import type { ModelLoader } from '../versions/model-loader.js';
import { Shadow } from './shadow.js';

/** What a training's version must show before it serves. */
export interface PromotionTerms {
  readonly promote: Promote;
  /** It replaces the model that serves, whose columns may be others: it is judged by the mean. */
  readonly replace: boolean;
  /** Rows of traffic that it answers in the shadow of what serves; 0 for none. */
  readonly shadowRows: number;
}

export const GATED: PromotionTerms = { promote: 'gate', replace: false, shadowRows: 0 };

export interface PromotionOptions {
  readonly service: PredictionService;
  readonly loader: ModelLoader;
  readonly store: ModelStore;
  readonly createEngine: EngineFactory;
  /** How much worse than the serving version a new one may be, as a share of the RMSE. */
  readonly tolerance: number;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

/** The way of one training's version to production: from the model that served when it began, which it must not be worse than. */
export class Promotion {
  private readonly options: PromotionOptions;
  private readonly terms: PromotionTerms;
  private serving: Serving | undefined;
  private production: number | null = null;

  /** Throws `SHADOW_UNAVAILABLE` if no model of the same columns serves, in whose shadow the version could answer. */
  constructor(options: PromotionOptions, terms: PromotionTerms) {
    this.options = options;
    this.terms = terms;
    if (terms.shadowRows > 0 && (terms.replace || !options.service.servingIfReady)) {
      const reason = terms.replace ? 'with replace, no model of the same columns serves' : 'no model serves';
      throw new DomainError('SHADOW_UNAVAILABLE', `shadow_rows: expected 0, got ${terms.shadowRows}: ${reason}`);
    }
  }

  /**
   * What the training is to judge its model by, put into its stage. Throws `FEATURES_CHANGED` if another model serves by
   * now than the one whose columns the rows were given.
   */
  async request(stage: string, { features, targets }: Columns): Promise<GateRequest> {
    const { terms } = this;
    const { service, loader, store, tolerance } = this.options;
    // Before what serves is looked at: what another process activates from here on is not replaced.
    this.production = (await store.aliases()).production;
    // What another process has made production meanwhile is what it must not be worse than.
    await loader.follow();
    const serving = service.servingIfReady;
    this.serving = serving;
    const asked = { promote: terms.promote, tolerance };
    if (!serving || terms.replace) return { ...asked, serving: null };
    const { card, version, predictor } = serving;
    // In this very order: the rows are compared by place.
    if (!isDeepStrictEqual([card.features, card.targets], [features, targets])) {
      throw new DomainError('FEATURES_CHANGED', 'a model of other columns began to serve while the rows came');
    }
    return { ...asked, serving: await handOver(stage, version, predictor, card.metrics) };
  }

  /** Makes a version the candidate and, if the gate and the traffic let it, production. What has become of it, and why. */
  async settle(version: number, gate: Gate, watch: (shadow: Shadow) => void, signal: AbortSignal): Promise<Gate> {
    const { loader, log } = this.options;
    await loader.nominate(version);
    const outcome = gate.decision === 'refused' ? gate : await this.promote(version, gate, watch, signal);
    const line = { model_version: String(version), gate: outcome };
    if (outcome.decision === 'refused') log.warn(line, 'the version was refused and stays a candidate');
    else log.info(line, this.terms.promote === 'never' ? 'the version stays a candidate' : 'the version was promoted');
    return outcome;
  }

  private async promote(
    version: number,
    gate: Gate,
    watch: (shadow: Shadow) => void,
    signal: AbortSignal,
  ): Promise<Gate> {
    const { promote, shadowRows } = this.terms;
    const refused = (reason: string): Gate => ({ ...gate, decision: 'refused', reason: `${reason}; ${gate.reason}` });
    if (shadowRows > 0) {
      const reason = await this.watchShadow(version, watch, signal);
      if (reason) return refused(reason);
    }
    if (promote === 'never') return gate;
    try {
      // What was not asked for has nothing that a change of the serving version could make void.
      const over = promote === 'gate' ? [this.production] : [];
      await this.options.loader.activate(version, ...over);
      return gate;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'ALIASES_CHANGED') throw error;
      return refused(error.message);
    }
  }

  /** Why it ended before the rows that were asked for had come, if it did. */
  private async watchShadow(
    version: number,
    watch: (shadow: Shadow) => void,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { store, createEngine, service, log } = this.options;
    const { predictor } = openVersion(await store.read(version), createEngine);
    try {
      const shadow = new Shadow(predictor, this.serving!, this.terms.shadowRows);
      watch(shadow);
      log.info({ model_version: String(version), rows: this.terms.shadowRows }, 'the version answers in the shadow');
      return await shadow.run(service, signal);
    } finally {
      predictor.close();
    }
  }
}
