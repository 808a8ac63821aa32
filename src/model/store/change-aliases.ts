import { DomainError } from '../../base/domain-error.js';
import type { Aliases } from './aliases.js';
import type { FileStore } from './file-store.js';

/**
 * Applies `change` to the aliases, again after each concurrent change by another process. `change` returns undefined if
 * nothing is left to change.
 */
export async function changeAliases(
  store: FileStore,
  change: (aliases: Aliases) => Aliases | undefined,
): Promise<void> {
  for (;;) {
    const changed = change(await store.aliases());
    if (!changed) return;
    try {
      await store.setAliases(changed);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/**
 * Makes a version `production`, and the former `production` `previous`. `read` is the state the decision was based on:
 * only a concurrent change of `production` throws `ALIASES_CHANGED`; a change of anything else, such as a removal, does not.
 */
export async function makeProduction(store: FileStore, version: number, read: Aliases): Promise<void> {
  for (let aliases = read; aliases.production !== version; ) {
    const { generation, candidate, production } = aliases;
    const others = { candidate: candidate === version ? null : candidate, previous: production };
    try {
      aliases = await store.setAliases({ generation, production: version, ...others });
    } catch (error) {
      if (!isConflict(error)) throw error;
      aliases = await store.aliases();
      if (aliases.production !== read.production) throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'ALIASES_CHANGED';
}
