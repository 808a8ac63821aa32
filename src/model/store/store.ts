import type { VersionFiles } from '../versions/version.js';

/** Which version each alias names. All change together, by compare-and-swap. */
export interface Aliases {
  /** Counts the changes; 0 before the first. */
  readonly generation: number;
  /** What serves. */
  readonly production: number | null;
  /** What was trained last and may serve. */
  readonly candidate: number | null;
  /** What served before: where a rollback goes. */
  readonly previous: number | null;
}

/** The names in {@link Aliases}. */
export const ALIAS_NAMES = ['production', 'candidate', 'previous'] as const;
export type AliasName = (typeof ALIAS_NAMES)[number];

/** How a store is. */
export interface StoreHealth {
  readonly writable: boolean;
  /** Why it cannot be written, if so. */
  readonly reason: string | null;
  /** Bytes that can still be written; null if there is no such bound. */
  readonly free_bytes: number | null;
}

/** Versions of one model: immutable, numbered from 1. A version is listed when it is whole, or not at all. */
export interface ModelStore {
  /** Where the versions are, for messages. */
  readonly location: string;
  /** Numbers of the versions there are, in ascending order. */
  list(): Promise<number[]>;
  /** All files of a version. Throws `VERSION_NOT_FOUND`, and `INVALID_VERSION` if it is there but cannot be read. */
  read(version: number): Promise<VersionFiles>;
  /** One file of a version; undefined if the version has none of this name. Throws as `read`. */
  readFile(version: number, name: string): Promise<Uint8Array | undefined>;
  /** Makes an empty local directory for one training; its `version` folder is what `publish` takes. */
  stage(): Promise<string>;
  /** Publishes the staged version under the next number, atomically. No number is given twice, even if its version has gone. */
  publish(stage: string): Promise<number>;
  /** Removes a stage and all in it, if it is still there. */
  discard(stage: string): Promise<void>;
  /** The aliases as they are now. One whose version is not there any more is null. */
  aliases(): Promise<Aliases>;
  /**
   * Changes the aliases, if they are still as they were read: `next.generation` is the one that was read, and what is
   * returned has the next. Throws `ALIASES_CHANGED` if somebody was faster, `VERSION_NOT_FOUND` if an alias would name
   * what is not there.
   */
  setAliases(next: Aliases): Promise<Aliases>;
  /** Removes a version, atomically. Throws `VERSION_NOT_FOUND`, and `VERSION_IN_USE` if an alias names it. */
  remove(version: number): Promise<void>;
  /**
   * Calls `onChange` when another process may have changed the aliases; now and then for nothing. Returns what ends it.
   * `interval` is for where no news comes: milliseconds from one look to the next.
   */
  watch(onChange: () => void, interval: number): () => void;
  /** Tries whether the store can be written. Never throws. */
  health(): Promise<StoreHealth>;
  /** A small document beside the versions, such as the state of a monitor; undefined if there is none. */
  readDocument(name: string): Promise<string | undefined>;
  /** Writes a document, atomically: a reader sees the old one or the new one. */
  writeDocument(name: string, content: string): Promise<void>;
  /** Finishes or removes what processes that died have left. Returns how many leftovers went. */
  sweep(): Promise<number>;
}
