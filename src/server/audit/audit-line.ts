import { createHash } from 'node:crypto';
import type { AuditEvent } from './audit-event.js';

/** Begins every line, and names the version of the format. */
export const LINE_START = '{"audit":1,';
/** The hash before the first line of a chain. */
export const NO_HASH = '0'.repeat(64);
const LINE = /^(\{"audit":1,.*),"hash":"([0-9a-f]{64})"\}$/s;

/** The end of a chain: where the next line continues. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: NO_HASH };

/** A line that has been read: what its own hash covers. */
export interface ReadLine extends ChainHead {
  readonly previous: string;
  readonly event: AuditEvent;
}

/**
 * Formats the line that follows `head`, without its newline. Its hash is the SHA-256 of all that precedes the field `hash` in the
 * line, the hash of the line before included.
 */
export function formatLine(event: AuditEvent, { seq, hash }: ChainHead, time: Date): { text: string; head: ChainHead } {
  const { action, target, who, kind, from, outcome, status, request_id, count, since, detail } = event;
  const fields = { seq: seq + 1, time: time.toISOString(), action, target, who, kind, from, outcome };
  const rest = { status, request_id, count, since, detail, previous: hash };
  // The braces are those of LINE_START and of the end.
  const covered = LINE_START + JSON.stringify({ ...fields, ...rest }).slice(1, -1);
  const own = createHash('sha256').update(covered).digest('hex');
  return { text: `${covered},"hash":"${own}"}`, head: { seq: seq + 1, hash: own } };
}

/** Reads a line. Returns undefined if it is not one, or if it has been changed. */
export function readLine(text: string): ReadLine | undefined {
  const [, covered, hash] = LINE.exec(text) ?? [];
  if (covered === undefined || createHash('sha256').update(covered).digest('hex') !== hash) return undefined;
  const fields = parse(text);
  if (!fields || typeof fields['seq'] !== 'number' || typeof fields['previous'] !== 'string') return undefined;
  const { seq, previous, ...event } = fields;
  return { seq, previous, hash, event: event as unknown as AuditEvent };
}

/** Returns the number that a line claims, even if the line has been changed. */
export function claimedSeq(text: string): number | undefined {
  const [, seq] = /^\{"audit":1,"seq":(\d{1,15}),/.exec(text) ?? [];
  return seq === undefined ? undefined : Number(seq);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
