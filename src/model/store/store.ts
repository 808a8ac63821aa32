import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';
import type { VersionFiles } from '../versions/version.js';

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

/** State of a store. */
export const StoreHealth = Type.Object({
  writable: Type.Boolean({ description: 'tested by this request' }),
  reason: nullable(Type.String(), { description: 'why it is not writable' }),
  /** Null if unknown or unlimited. */
  free_bytes: nullable(Type.Integer(), { description: 'free space on its disk' }),
});
export type StoreHealth = Static<typeof StoreHealth>;

/** Immutable versions of one model, numbered from 1. A version is listed only when it is complete. */
export interface ModelStore {
  /** Path or address of the store, for messages. */
  readonly location: string;
  /** Numbers of all versions, in ascending order. */
  list(): Promise<number[]>;
  /** Reads all files of a version. Throws `VERSION_NOT_FOUND`, or `INVALID_VERSION` if it exists but cannot be read. */
  read(version: number): Promise<VersionFiles>;
  /** Reads one file of a version; undefined if the version has no file of this name. Throws as `read`. */
  readFile(version: number, name: string): Promise<Uint8Array | undefined>;
  /** Creates an empty local directory for one training. `publish` takes its `version` folder. */
  stage(): Promise<string>;
  /** Publishes the staged version atomically, under the next number. No number is used twice, even after a removal. */
  publish(stage: string): Promise<number>;
  /** Deletes a stage and its contents, if it still exists. */
  discard(stage: string): Promise<void>;
  /** Reads the aliases. An alias whose version no longer exists is null. */
  aliases(): Promise<Aliases>;
  /**
   * Changes the aliases if they are unchanged since they were read: `next.generation` is the generation that was read, and
   * the result has the next one. Throws `ALIASES_CHANGED` if another change came first, or `VERSION_NOT_FOUND` if an alias
   * would name a version that does not exist.
   */
  setAliases(next: Aliases): Promise<Aliases>;
  /** Removes a version atomically. Throws `VERSION_NOT_FOUND`, or `VERSION_IN_USE` if an alias names it. */
  remove(version: number): Promise<void>;
  /**
   * Calls `onChange` when another process may have changed the aliases, and every `interval` milliseconds, for file systems
   * that report no changes. Returns a function that stops watching.
   */
  watch(onChange: () => void, interval: number): () => void;
  /** Tests whether the store is writable. Never throws. */
  health(): Promise<StoreHealth>;
  /** Reads a small document beside the versions, such as the state of a monitor; undefined if it does not exist. */
  readDocument(name: string): Promise<string | undefined>;
  /** Writes a document atomically: a reader sees the old one or the new one. */
  writeDocument(name: string, content: string): Promise<void>;
  /** Finishes removals and deletes stages of processes that died. Returns how many leftovers there were. */
  sweep(): Promise<number>;
}
