import type { VersionFiles } from './version.js';

/** Versions of one model: immutable, numbered from 1. A version is listed when it is whole, or not at all. */
export interface ModelStore {
  /** Where the versions are, for messages. */
  readonly location: string;
  /** Numbers of the versions there are, in ascending order. */
  list(): Promise<number[]>;
  /** All files of a version. Throws `VERSION_NOT_FOUND`. */
  read(version: number): Promise<VersionFiles>;
  /** Makes an empty local directory for one training; its `version` folder is what `publish` takes. */
  stage(): Promise<string>;
  /** Publishes the staged version under the next free number, atomically. */
  publish(stage: string): Promise<number>;
  /** Removes a stage and all in it, if it is still there. */
  discard(stage: string): Promise<void>;
  /** A small document beside the versions, such as the state of a monitor; undefined if there is none. */
  readDocument(name: string): Promise<string | undefined>;
  /** Writes a document, atomically: a reader sees the old one or the new one. */
  writeDocument(name: string, content: string): Promise<void>;
  /** Removes what processes that died have left in the staging area. Returns how many stages went. */
  sweep(): Promise<number>;
}
