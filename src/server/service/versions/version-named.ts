import { DomainError } from '../../../base/domain-error.js';
import { ALIAS_NAMES, type Aliases } from '../../../model/store/aliases.js';

/** Returns the version with this number or alias. Throws `VERSION_NOT_FOUND` if the alias names none. */
export function versionNamed(numberOrAlias: string, aliases: Aliases): number {
  const alias = ALIAS_NAMES.find((name) => name === numberOrAlias);
  if (alias === undefined) return Number(numberOrAlias);
  const version = aliases[alias];
  if (version === null) throw new DomainError('VERSION_NOT_FOUND', `no version is ${alias}`);
  return version;
}
