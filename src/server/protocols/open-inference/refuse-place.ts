import { DomainError, show } from '../../../base/domain-error.js';
import type { ModelPlace, ServedModel } from '../served-model.js';

/**
 * Refuses a request to a model or version that does not serve. Throws `MODEL_NOT_FOUND`, `VERSION_NOT_FOUND`, or `NOT_READY`
 * for a version that exists.
 */
export async function refusePlace(model: ServedModel, place: ModelPlace): Promise<never> {
  const { name, version } = place;
  refuseOtherModels(model, name);
  if (version === undefined || (await model.versions()).includes(Number(version))) {
    throw new DomainError('NOT_READY', `version ${version} of model ${show(name)} does not serve; it can be loaded`);
  }
  throw new DomainError(
    'VERSION_NOT_FOUND',
    `Request for unknown model: ${show(name)} has no version ${show(version)}`,
  );
}

/** Throws `MODEL_NOT_FOUND` unless `name` is that of the model. */
export function refuseOtherModels(model: ServedModel, name: string): void {
  if (name === model.name) return;
  throw new DomainError('MODEL_NOT_FOUND', `Request for unknown model: ${show(name)} is not found`);
}
