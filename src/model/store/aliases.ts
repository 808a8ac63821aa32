/** Versions that the aliases name. They change together, by compare-and-swap. */
export interface Aliases {
  /** Number of changes so far. */
  readonly generation: number;
  /** The version that serves. */
  readonly production: number | null;
  /** The latest trained version that may serve. */
  readonly candidate: number | null;
  /** The version that served before, to which a rollback returns. */
  readonly previous: number | null;
}

/** The names in {@link Aliases}. */
export const ALIAS_NAMES = ['production', 'candidate', 'previous'] as const;
export type AliasName = (typeof ALIAS_NAMES)[number];
