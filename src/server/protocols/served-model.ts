import { DomainError } from '../../base/domain-error.js';
import { ALIAS_NAMES } from '../../model/store/aliases.js';
import type { FileStore } from '../../model/store/file-store.js';
import type { PredictionService, Serving } from '../service/prediction/prediction-service.js';

/** How a client addresses a model, or one of its versions by number or by label. */
export interface ModelPlace {
  readonly name: string;
  readonly version?: string;
  readonly label?: string;
}

export interface ServedModelOptions {
  readonly name: string;
  readonly service: PredictionService;
  readonly store: FileStore;
}

/** The server's only model, for protocols that address models, versions and labels. */
export class ServedModel {
  readonly name: string;
  private readonly options: ServedModelOptions;

  constructor(options: ServedModelOptions) {
    this.name = options.name;
    this.options = options;
  }

  /** Returns the serving version if `place` addresses it by model and number, otherwise undefined. Throws `NOT_READY`. */
  find({ name, version }: ModelPlace): Serving | undefined {
    if (name !== this.name) return undefined;
    const { serving } = this.options.service;
    return version === undefined || version === String(serving.version) ? serving : undefined;
  }

  /** Returns the numbers of all versions, in ascending order. */
  versions(): Promise<number[]> {
    return this.options.store.list();
  }

  /** Returns the place with the number of the version that its label names. Throws `INVALID_REQUEST` if there is none. */
  async resolve({ name, label }: ModelPlace): Promise<ModelPlace> {
    const alias = ALIAS_NAMES.find((known) => known === label);
    const version = alias ? (await this.options.store.aliases())[alias] : null;
    if (version === null) throw new DomainError('INVALID_REQUEST', `Unrecognized servable version label: ${label}`);
    return { name, version: String(version) };
  }
}
