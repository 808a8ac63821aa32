import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { DomainError, show } from '../../../base/domain-error.js';
import { changedTypes } from '../../../model/columns/recode.js';
import type { FileStore } from '../../../model/store/file-store.js';
import type { TableInfo } from '../../../model/tables/table-file.js';
import { type GateRequest, handOver } from '../../../model/training/gate/serving-model.js';
import type { Gate, Promote } from '../../../model/versions/gate-decision.js';
import type { PredictionService, Serving } from '../prediction/prediction-service.js';
import { activated, type ModelLoader } from '../versions/model-loader.js';
import type { OpenedVersion } from '../versions/opened-version.js';
import type { OwnChanges } from '../versions/own-changes.js';
import { Shadow } from './shadow.js';

/** Conditions under which a training's version serves. */
export interface PromotionTerms {
  readonly promote: Promote;
  /** The version replaces a serving model whose columns may differ: it is compared with the mean instead. */
  readonly replace: boolean;
  /** Rows of traffic that it answers in the shadow of the serving version; 0 for no shadow. */
  readonly shadowRows: number;
}

export const GATED: PromotionTerms = { promote: 'gate', replace: false, shadowRows: 0 };

export interface PromotionOptions {
  readonly service: PredictionService;
  readonly loader: ModelLoader;
  readonly store: FileStore;
  readonly changes: OwnChanges;
  /** How much worse than the serving version a new one may be, as a share of the RMSE. */
  readonly tolerance: number;
  readonly log: Logger;
}

/** Takes one training's version to production, unless it is worse than the version that served when the training began. */
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
   * Returns what the training judges its model by, and puts the serving weights into the stage. Throws `FEATURES_CHANGED`
   * if a model of other columns than the table's serves by now.
   */
  async request(
    stage: string,
    { features, targets, columns }: Pick<TableInfo, 'features' | 'targets' | 'columns'>,
  ): Promise<GateRequest> {
    const { terms } = this;
    const { service, loader, store, tolerance } = this.options;
    // Read before the serving version: what another process activates from here on is not replaced.
    this.production = (await store.aliases()).production;
    // The new version must not be worse than what another process has just made production.
    await loader.follow();
    const serving = service.servingIfReady;
    this.serving = serving;
    const gateTerms = { promote: terms.promote, tolerance };
    if (!serving || terms.replace) return { ...gateTerms, serving: null };
    const { card, version, predictor } = serving;
    // The order counts: the rows are compared by position.
    if (!isDeepStrictEqual([card.features, card.targets], [features, targets])) {
      throw new DomainError('FEATURES_CHANGED', 'a model of other columns began to serve while the rows arrived');
    }
    const [changed] = changedTypes(features, columns, card.columns);
    if (changed) {
      const { name, table, model } = changed;
      throw new DomainError(
        'FEATURES_CHANGED',
        `column ${show(name)} is a ${table} in this table, and a ${model} in the serving model; name its type with \`types\`, ` +
          'or train a model of other columns with `replace`',
      );
    }
    return { ...gateTerms, serving: await handOver(stage, version, predictor, card.metrics) };
  }

  /**
   * Makes a version the candidate and, if the gate and the shadow accept it, production. Returns the final decision.
   * Calls `onShadow` when the version begins to answer in the shadow.
   */
  async settle(version: number, gate: Gate, onShadow: (shadow: Shadow) => void, signal: AbortSignal): Promise<Gate> {
    const { loader, log } = this.options;
    await loader.nominate(version);
    const outcome = this.isFinal(gate) ? gate : await this.openAndPromote(version, gate, onShadow, signal);
    const line = { model_version: String(version), gate: outcome };
    if (outcome.decision === 'refused') this.explainRefusal(version, gate, line);
    else log.info(line, this.terms.promote === 'never' ? 'the version stays a candidate' : 'the version was promoted');
    if (gate.baselines?.worse_than_ridge) log.warn(line, 'the version predicts worse than ridge regression');
    return outcome;
  }

  /** Where nothing serves, requests are answered with the reason and the way out. */
  private explainRefusal(version: number, { decision }: Gate, line: object): void {
    const { service, log } = this.options;
    log.warn(line, 'the version was refused and does not serve');
    if (decision !== 'refused' || service.servingIfReady) return;
    const wayOut = `POST /models/${version}/activate serves it all the same`;
    log.warn(line, `no model serves: the gate refused the first version; ${wayOut}`);
    service.explainNotReady(
      `no model: the gate refused version ${version}, which is not shown to predict better than the mean; ${wayOut}, ` +
        'and POST /train can make another',
    );
  }

  /** Returns whether nothing is left to do with the version: it neither serves nor answers in the shadow. */
  private isFinal({ decision }: Gate): boolean {
    return decision === 'refused' || (this.terms.promote === 'never' && this.terms.shadowRows === 0);
  }

  /** Opens the version once, for the shadow and to serve. */
  private async openAndPromote(
    version: number,
    gate: Gate,
    onShadow: (shadow: Shadow) => void,
    signal: AbortSignal,
  ): Promise<Gate> {
    using opened = await this.options.loader.open(version);
    const refusal =
      (this.terms.shadowRows > 0 ? await this.runShadow(opened, onShadow, signal) : null) ??
      (this.terms.promote === 'never' ? null : await this.activate(opened));
    return refusal === null ? gate : { ...gate, decision: 'refused', reason: `${refusal}; ${gate.reason}` };
  }

  /** Returns null when the requested rows have been compared, or the reason why the shadow ended before. */
  private async runShadow(
    { model: { version, predictor } }: OpenedVersion,
    onShadow: (shadow: Shadow) => void,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { service, log } = this.options;
    const shadow = new Shadow(predictor, this.serving!, this.terms.shadowRows);
    onShadow(shadow);
    log.info({ model_version: String(version), rows: this.terms.shadowRows }, 'the version answers in the shadow');
    return shadow.run(service, signal);
  }

  /** Returns null if the version serves, or why it does not: it was not compared with the version that serves by now. */
  private async activate(opened: OpenedVersion): Promise<string | null> {
    const { loader, changes } = this.options;
    try {
      // Without the gate there was no comparison that a change of the serving version could invalidate.
      const over = this.terms.promote === 'gate' ? this.production : undefined;
      const activation = await loader.activateOpened(opened, over);
      changes.done('activate', String(activation.version), {
        ...activated(activation),
        reason: 'a training has ended',
      });
      return null;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'ALIASES_CHANGED') throw error;
      return error.message;
    }
  }
}
