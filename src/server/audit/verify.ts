import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type ChainHead, claimedSeq, LINE_START, type ReadLine, readLine } from './audit-line.js';
import { chainPieces, isBeginning, outOfOrder, type Piece } from './chain-pieces.js';

export interface Finding {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'reordered';
  readonly file: string;
  /** From 1. Of what was removed: the line before which it is missing. */
  readonly line: number;
  readonly message: string;
}

export interface Verification {
  /** Entries that are whole and unchanged. */
  readonly entries: number;
  /** Lines of something else, such as the log of the service. */
  readonly otherLines: number;
  /** In the order of the files and their lines. */
  readonly findings: readonly Finding[];
  /** No signs of a change, but worth knowing. */
  readonly notes: readonly string[];
  /** The end of the chain; undefined without entries. */
  readonly last: ChainHead | undefined;
}

interface Place {
  readonly file: string;
  readonly line: number;
  /** Among all lines of all files, from 0. */
  readonly position: number;
}

type Entry = ReadLine & Place;

/** A line that is not whole, or has been changed. `text` holds a byte in each character. */
interface Broken extends Place {
  readonly text: string;
}

interface Lines {
  readonly entries: Entry[];
  readonly broken: Broken[];
  otherLines: number;
}

/**
 * Verifies the chain of files that belong together, the oldest first: whether lines have been changed, removed, inserted or reordered,
 * and where. What it cannot see is that the end has been cut off, or that all lines from some point on have been written anew:
 * compare `last` with what the service logged (`audited`). Rejects if a file cannot be read.
 */
export async function verifyAudit(files: readonly string[]): Promise<Verification> {
  const { entries, broken, otherLines } = await readFiles(files);
  const { pieces: all, branches } = chainPieces(entries);
  const pieces = all.filter((piece) => !isWithin(piece, all));
  const foreign = all.filter((piece) => !pieces.includes(piece)).flat();
  const notes: string[] = [];
  const findings = [
    ...judgeBroken(broken, entries, notes),
    ...judgeJoints(pieces, broken, notes),
    ...branches.map((entry) => finding('inserted', entry, 'it is a copy, or another entry follows the one before it')),
    ...foreign.map((entry) => finding('inserted', entry, 'it follows no entry')),
    ...outOfOrder(pieces.flat()).map((entry) => finding('reordered', entry, 'it follows another entry by its hash')),
  ];
  findings.sort((a, b) => a.position - b.position);
  const last = pieces.at(-1)?.at(-1);
  return {
    entries: entries.length,
    otherLines,
    findings: findings.map(({ kind, file, line, message }) => ({ kind, file, line, message })),
    notes,
    last: last && { seq: last.seq, hash: last.hash },
  };
}

/** Whether a piece lies among the lines of a longer one, to which it therefore does not belong. */
function isWithin(piece: Piece<Entry>, all: readonly Piece<Entry>[]): boolean {
  if (isBeginning(piece)) return false;
  const [first, last] = [piece[0]!.position, piece.at(-1)!.position];
  return all.some(
    (other) =>
      other !== piece &&
      other.length >= piece.length &&
      other[0]!.position < first &&
      other.at(-1)!.position > last &&
      other[0]!.position < other.at(-1)!.position,
  );
}

async function readFiles(files: readonly string[]): Promise<Lines> {
  const lines: Lines = { entries: [], broken: [], otherLines: 0 };
  let position = 0;
  for (const file of files) {
    let line = 0;
    for await (const text of linesOf(file)) {
      const place = { file, line: ++line, position: position++ };
      const entry = readLine(Buffer.from(text, 'latin1').toString());
      if (entry) lines.entries.push({ ...entry, ...place });
      else if (wasEntry(text)) lines.broken.push({ ...place, text });
      else lines.otherLines++;
    }
  }
  return lines;
}

/** Whether a line is, or may be, one that has been changed, or the beginning of one. */
function wasEntry(text: string): boolean {
  return (
    text.startsWith(LINE_START) || (text !== '' && LINE_START.startsWith(text)) || /"hash":"[0-9a-f]{64}"/.test(text)
  );
}

/** The lines of a file, a character for each byte: a line that is torn may end within a character. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of createReadStream(file, 'latin1')) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Finds the lines that have been changed. One that was being written when the machine died is recorded by a later entry. */
function judgeBroken(broken: readonly Broken[], entries: readonly Entry[], notes: string[]): (Finding & Place)[] {
  const recovered = new Set(
    entries.flatMap(({ event: { action, detail } }) => (action === 'log-recovered' ? [detail?.['torn_sha256']] : [])),
  );
  const lastPosition = entries.at(-1)?.position ?? -1;
  return broken.flatMap((line) => {
    const { file, line: number, position, text } = line;
    if (recovered.has(createHash('sha256').update(text, 'latin1').digest('hex'))) {
      notes.push(`${file}:${number}: torn by an interrupted write, which the next entry records`);
      return [];
    }
    if (position > lastPosition && !text.endsWith('"}')) {
      notes.push(`${file}:${number}: the last line is torn: the service records that when it writes next`);
      return [];
    }
    const seq = claimedSeq(text);
    return [finding('changed', line, `its hash is not that of its text${seq === undefined ? '' : ` (seq ${seq})`}`)];
  });
}

/** Finds what is missing between pieces of a chain, and pieces that do not belong there. */
function judgeJoints(pieces: readonly Piece<Entry>[], broken: readonly Broken[], notes: string[]): (Finding & Place)[] {
  return pieces.flatMap((piece, i): (Finding & Place)[] => {
    const first = piece[0]!;
    const before = pieces[i - 1]?.at(-1);
    if (!before) {
      if (!isBeginning(piece)) notes.push(`the chain begins before ${first.file}:${first.line} (seq ${first.seq})`);
      return [];
    }
    if (isBeginning(piece)) {
      notes.push(`${first.file}:${first.line}: a new chain begins`);
      return [];
    }
    const isChanged = ({ position }: Broken) => position > before.position && position < first.position;
    const missing = first.seq - before.seq - 1 - broken.filter(isChanged).length;
    if (missing > 0) {
      const place = `between seq ${before.seq} and ${first.seq}`;
      return [finding('removed', first, `${missing} ${missing === 1 ? 'entry is' : 'entries are'} missing ${place}`)];
    }
    if (first.seq > before.seq && broken.some(isChanged)) return [];
    if (first.seq === before.seq + 1) {
      return [finding('changed', before, `with its hash: the next entry (seq ${first.seq}) does not follow it`)];
    }
    return [finding('inserted', first, `it does not follow the entry before it (seq ${before.seq})`)];
  });
}

function finding(kind: Finding['kind'], { file, line, position }: Place, message: string): Finding & Place {
  return { kind, file, line, position, message };
}
