import {
  type BigIntStats,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import { AfterPause } from '../../../base/files/after-pause.js';
import { flushDirectory, isCode } from '../../../base/files/directory.js';
import { watchDirectory } from '../../../base/files/watch-directory.js';
import { type KeyRecord, type KeyState, readKeyRecords } from './key-record.js';
import type { KeyRing } from './key-ring.js';

/** Milliseconds between two looks at the file, where the file system does not report changes. */
const POLL_INTERVAL = 5000;
/** Milliseconds without another change after which a changed file is read: whoever writes it may not be done. */
const SETTLE = 100;

/** Reads a key file. Throws `INVALID_REQUEST`, naming the file and the way out. */
export function readKeyFile(path: string, read = readKeyRecords): KeyRecord[] {
  try {
    return read(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new DomainError('INVALID_REQUEST', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Adds a line to a key file, which is made if it does not exist, for its owner only. Several processes may do so at once. */
export function appendToKeyFile(path: string, line: KeyRecord | { id: string; revoked: string }): void {
  const isNew = !existsSync(path);
  const isTorn = !isNew && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
  const descriptor = openSync(path, 'a', 0o600);
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.from(`${isTorn ? '\n' : ''}${JSON.stringify(line)}\n`);
    if (writeSync(descriptor, bytes) < bytes.length) {
      // Half a line would make the whole file unreadable.
      ftruncateSync(descriptor, size);
      throw new Error('no space is left on the disk');
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (isNew) flushDirectory(dirname(path));
}

/** Keeps a key ring equal to a file. A file that cannot be used changes nothing: the keys of before stay valid. */
export class KeyFile {
  /** Attempts to read the file that failed. */
  errors = 0;
  /** Whether the latest attempt failed. */
  isBroken = false;
  private readonly path: string;
  private readonly ring: KeyRing;
  private readonly log: Pick<Logger, 'info' | 'error'>;
  /** What the file looked like when it was last read. */
  private seen: string;
  private records: ReadonlyMap<string, string>;
  private readonly listeners: ((ids: readonly string[]) => void)[] = [];
  private readonly changes = new AfterPause(() => void this.reread(), SETTLE);
  private readonly stopWatching: () => void;

  /** Reads the file. Throws `INVALID_REQUEST` if it cannot be used. */
  constructor(path: string, ring: KeyRing, log: Pick<Logger, 'info' | 'error'>) {
    this.path = path;
    this.ring = ring;
    this.log = log;
    this.seen = existsSync(path) ? looks(statSync(path, { bigint: true })) : '';
    const records = readKeyFile(path, recordsOf);
    ring.set(records);
    this.records = textsOf(records);
    this.stopWatching = watchDirectory(dirname(path), this.changes.trigger, POLL_INTERVAL);
  }

  /** Calls `listener` with the ids of the keys that were added, changed or removed, after each change of the file. */
  onChange(listener: (ids: readonly string[]) => void): void {
    this.listeners.push(listener);
  }

  count(): Record<KeyState, number> {
    return this.ring.count();
  }

  nextExpiry(): number | undefined {
    return this.ring.nextExpiry();
  }

  close(): void {
    this.changes.cancel();
    this.stopWatching();
  }

  private announce(records: ReadonlyMap<string, string>): void {
    const ids = Array.from(new Set([...this.records.keys(), ...records.keys()])).filter(
      (id) => this.records.get(id) !== records.get(id),
    );
    this.records = records;
    if (ids.length > 0) for (const listener of this.listeners) listener(ids);
  }

  /** Reads the file again if it has changed. */
  private async reread(): Promise<void> {
    try {
      const before = looks(await stat(this.path, { bigint: true }));
      if (before === this.seen) return;
      const text = await readFile(this.path, 'utf8');
      // Still being written: this is another change.
      if (looks(await stat(this.path, { bigint: true })) !== before) return this.changes.trigger();
      this.seen = before;
      const records = recordsOf(text);
      this.ring.set(records);
      this.isBroken = false;
      this.log.info(this.ring.count(), 'API keys read');
      this.announce(textsOf(records));
    } catch (error) {
      const reason = reasonOf(error);
      if (!(error instanceof DomainError)) this.seen = '';
      if (!this.isBroken || error instanceof DomainError) {
        this.log.error({ reason }, 'the file of the API keys cannot be used: the keys of before stay valid');
      }
      this.errors++;
      this.isBroken = true;
    }
  }
}

/** An empty file is what one looks like that is being written. To take back all keys, they are revoked. */
function recordsOf(text: string): KeyRecord[] {
  const records = readKeyRecords(text);
  if (records.length === 0) throw new DomainError('INVALID_REQUEST', `it has no keys; ${ADVICE}`);
  return records;
}

function textsOf(records: readonly KeyRecord[]): ReadonlyMap<string, string> {
  return new Map(records.map((record) => [record.id, JSON.stringify(record)]));
}

const ADVICE = 'make one with: npm run keys -- create --name <name> --scopes <scopes>';

function reasonOf(error: unknown): string {
  if (error instanceof DomainError) return error.message;
  if (isCode(error, 'ENOENT')) return `there is no such file; ${ADVICE}`;
  return `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
}

function looks({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}
