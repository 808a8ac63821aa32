import { DomainError } from '../../../base/domain-error.js';
import type { Baseline } from '../../../model/baseline/baseline.js';
import { drawBackground } from '../../../model/explanation/background.js';
import { Explainer } from '../../../model/explanation/explainer.js';
import type { EngineFactory } from '../../../model/network/engine.js';
import type { Card } from '../../../model/versions/card.js';
import type { VersionFiles } from '../../../model/versions/version.js';
import { openVersion } from '../../../model/versions/version.js';
import { readBaselineOf } from '../../../model/versions/version-baseline.js';
import type { Serving } from '../prediction/prediction-service.js';

/**
 * A version whose checksums were verified and whose probe was replayed, once. It owns a predictor: disposing of the version
 * closes it, unless the predictor was handed over to serve.
 */
export class OpenedVersion implements Disposable {
  readonly model: Omit<Serving, 'since'>;
  /** Largest deviation from the stored answers to the probe. */
  readonly deviation: number;
  /** `baseline.json`; undefined for a version without one. */
  readonly baselineJson: string | undefined;
  private onEnd: (() => void) | undefined;

  /** `onEnd` is called once, when the version is closed or handed over. Throws `INVALID_VERSION`, naming file and reason. */
  constructor(version: number, files: VersionFiles, createEngine: EngineFactory, onEnd: () => void) {
    const { card, predictor, probe, deviation, intervals } = openVersion(files, createEngine);
    const baseline = files.get('baseline.json');
    const json = baseline && Buffer.from(baseline).toString();
    const explainer = new Explainer(predictor, createEngine, () => drawBackground(card, baselineOf(card, json)));
    this.model = { version, card, predictor, explainer, probe, intervals };
    this.deviation = deviation;
    this.baselineJson = json;
    this.onEnd = onEnd;
  }

  /** Returns the model to a new owner, who closes its predictor. */
  handOver(): Omit<Serving, 'since'> {
    this.end();
    return this.model;
  }

  [Symbol.dispose](): void {
    if (!this.end()) return;
    this.model.explainer.close();
    this.model.predictor.close();
  }

  /** Returns false if it had ended before. */
  private end(): boolean {
    const { onEnd } = this;
    this.onEnd = undefined;
    onEnd?.();
    return onEnd !== undefined;
  }
}

/** Returns null for a version without a baseline, or whose baseline is broken: drift is off then, and the log says so. */
function baselineOf(card: Card, json: string | undefined): Baseline | null {
  try {
    return json === undefined ? null : readBaselineOf(card, json);
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}
