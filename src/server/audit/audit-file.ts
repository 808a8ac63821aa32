import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushDirectory, ifExists } from '../../base/files/directory.js';
import { failpoint } from '../../base/files/failpoint.js';
import type { AuditDestination } from './audit-destination.js';
import { type AuditEvent, SERVICE } from './audit-event.js';
import { type ChainHead, EMPTY_CHAIN, formatLine, readLine } from './audit-line.js';
import { withFileLock } from './file-lock.js';

/** Bytes at the end of a file in which its last line is looked for: many times the longest line. */
const TAIL = 2 ** 16;
/** Only the user of the service may read who did what. */
const MODE = 0o600;
const NEWLINE = 10;

/** The file as this process has left it. */
interface Known {
  readonly handle: FileHandle;
  readonly device: number;
  readonly inode: number;
  size: number;
}

/** What the end of a file says. */
interface Tail {
  /** The end of the last line that is whole and unchanged, if there is one. */
  readonly head: ChainHead | undefined;
  /** Bytes after the last newline, of a line that was being written. */
  readonly torn: Buffer;
}

/**
 * Appends entries to a file, durably. Commands may append to it as well, one process at a time.
 *
 * A file that has been renamed, as for a rotation, is left; a new one takes its place and continues the chain. So does a restart. The
 * file `<path>.head` holds the end of the chain for the time in which there is no line to continue. A line that was being written
 * when the process or the machine died is left as it is, and recorded by the next entry.
 */
export class AuditFile implements AuditDestination {
  private readonly path: string;
  private known: Known | undefined;
  private head: ChainHead | undefined;

  constructor(path: string) {
    this.path = path;
  }

  append(events: readonly AuditEvent[]): Promise<ChainHead> {
    return withFileLock(`${this.path}.lock`, async () => {
      const file = await this.open();
      const found = await this.catchUp(file);
      const all = [...found.events, ...events];
      if (all.length > 0) await this.write(file, all, found.prefix);
      return this.head!;
    });
  }

  async close(): Promise<void> {
    await this.known?.handle.close();
    this.known = undefined;
  }

  /** Opens the file, and again if another one has taken its name. */
  private async open(): Promise<Known> {
    const found = await ifExists(stat(this.path));
    if (found && !found.isFile()) throw new Error(`${this.path} is not a file`);
    const { known } = this;
    if (known && found?.ino === known.inode && found.dev === known.device) return known;
    await this.close();
    const handle = await open(this.path, 'a+', MODE);
    try {
      const { dev: device, ino: inode } = await handle.stat();
      if (!found) flushDirectory(dirname(this.path));
      // Its size is not known yet.
      this.known = { handle, device, inode, size: -1 };
      return this.known;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Reads where the chain ends, unless nobody but this process has written. Returns what must be written first. */
  private async catchUp(file: Known): Promise<{ prefix: string; events: AuditEvent[] }> {
    const { size } = await file.handle.stat();
    if (size === file.size && this.head) return { prefix: '', events: [] };
    const { head, torn } = await readTail(file.handle, size);
    const stored = this.head ?? (await readHead(this.path));
    file.size = size;
    const events: AuditEvent[] = [];
    if (torn.length > 0) {
      const torn_sha256 = createHash('sha256').update(torn).digest('hex');
      const detail = { torn_bytes: torn.length, torn_sha256 };
      events.push({ ...SERVICE, action: 'log-recovered', target: null, outcome: 'done', detail });
    }
    if (head && stored && stored.seq > head.seq) {
      const detail = { last_seq: stored.seq, last_hash: stored.hash, found_seq: head.seq };
      events.push({ ...SERVICE, action: 'log-cut', target: null, outcome: 'done', detail });
    }
    this.head = stored && stored.seq > (head?.seq ?? 0) ? stored : (head ?? EMPTY_CHAIN);
    return { prefix: torn.length > 0 ? '\n' : '', events };
  }

  private async write(file: Known, events: readonly AuditEvent[], prefix: string): Promise<void> {
    let head = this.head!;
    let text = prefix;
    for (const event of events) {
      const line = formatLine(event, head, new Date());
      text += `${line.text}\n`;
      ({ head } = line);
    }
    const bytes = Buffer.from(text);
    const { size } = file;
    // Until it is certain how much has been written, nothing is known of the file.
    file.size = -1;
    try {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.handle.write(bytes, written)).bytesWritten;
      }
      failpoint('audit:written');
      await file.handle.datasync();
    } catch (error) {
      // Half a line would be recorded as torn by the next entry.
      await file.handle.truncate(size).catch(() => {});
      throw error;
    }
    file.size = size + bytes.length;
    this.head = head;
    // Without it, only a chain whose file is moved away before the next start begins anew.
    await writeFile(`${this.path}.head`, `${JSON.stringify(head)}\n`, { mode: MODE }).catch(() => {});
  }
}

async function readTail(handle: FileHandle, size: number): Promise<Tail> {
  const length = Math.min(size, TAIL);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const bytes = buffer.subarray(0, bytesRead);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = bytes.subarray(0, end).toString().split('\n').reverse();
  const last = lines.map(readLine).find((line) => line !== undefined);
  return { head: last && { seq: last.seq, hash: last.hash }, torn: bytes.subarray(end) };
}

async function readHead(path: string): Promise<ChainHead | undefined> {
  try {
    const { seq, hash } = JSON.parse(await readFile(`${path}.head`, 'utf8')) as ChainHead;
    return Number.isSafeInteger(seq) && /^[0-9a-f]{64}$/.test(hash) ? { seq, hash } : undefined;
  } catch {
    // There is none, or it was being written when the machine died.
    return undefined;
  }
}
