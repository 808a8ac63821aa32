import { DomainError } from '../../base/domain-error.js';
import { ALIAS_NAMES, type ModelStore } from '../../model/store/store.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';

/** How a client names what it asks: a model, and maybe one version of it, by number or by label. */
export interface ModelPlace {
  readonly name: string;
  readonly version?: string;
  readonly label?: string;
}

export interface ServedModelOptions {
  readonly name: string;
  readonly service: PredictionService;
  readonly store: ModelStore;
}

/** The one model there is, as the protocols that name models, versions and labels ask for it. */
export class ServedModel {
  readonly name: string;
  private readonly service: PredictionService;
  private readonly store: ModelStore;

  constructor({ name, service, store }: ServedModelOptions) {
    this.name = name;
    this.service = service;
    this.store = store;
  }

  /** The version that serves, if it is what `place` names by model and number; else undefined. Throws `NOT_READY`. */
  find({ name, version }: ModelPlace): Serving | undefined {
    if (name !== this.name) return undefined;
    const { serving } = this.service;
    return version === undefined || version === String(serving.version) ? serving : undefined;
  }

  /** Whether this is a version in the store, whether it serves or not. */
  async has({ name, version }: ModelPlace): Promise<boolean> {
    return name === this.name && (version === undefined || (await this.versions()).includes(Number(version)));
  }

  /** Numbers of all versions, in ascending order. */
  versions(): Promise<number[]> {
    return this.store.list();
  }

  /** The place with the version that its label names. Throws `INVALID_REQUEST` if no version has that label. */
  async resolve({ name, label }: ModelPlace): Promise<ModelPlace> {
    const alias = ALIAS_NAMES.find((known) => known === label);
    const version = alias ? (await this.store.aliases())[alias] : null;
    if (version === null) throw new DomainError('INVALID_REQUEST', `Unrecognized servable version label: ${label}`);
    return { name, version: String(version) };
  }
}
