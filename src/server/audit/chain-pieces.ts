import { NO_HASH, type ReadLine } from './audit-line.js';

/** A line with its place among all lines of all files, from 0. */
export interface PlacedLine extends ReadLine {
  readonly position: number;
}

/** Lines that follow each other by their hashes, the first one first. */
export type Piece<Line extends PlacedLine> = readonly Line[];

/**
 * Joins lines by their hashes. An untouched chain is one piece; whatever is missing splits it. `branches` are lines that follow one of
 * a piece which is followed by another one already: they have been inserted. The piece with the higher number counts.
 */
export function chainPieces<Line extends PlacedLine>(
  lines: readonly Line[],
): { pieces: Piece<Line>[]; branches: Line[] } {
  const byHash = new Map<string, Line>();
  lines.forEach((line, i) => {
    // Of copies, the one that stands behind the line that it follows is the original.
    if (!byHash.has(line.hash) || lines[i - 1]?.hash === line.previous) byHash.set(line.hash, line);
  });
  const followed = new Set(lines.map(({ previous }) => previous));
  const visited = new Set<Line>();
  const pieces: Piece<Line>[] = [];
  const branches: Line[] = [];
  const ends = Array.from(byHash.values())
    .filter(({ hash }) => !followed.has(hash))
    .sort((a, b) => b.seq - a.seq);
  for (const end of ends) {
    const piece: Line[] = [];
    let line: Line | undefined = end;
    while (line && !visited.has(line)) {
      visited.add(line);
      piece.push(line);
      line = byHash.get(line.previous);
    }
    if (line) branches.push(...piece);
    else pieces.push(piece.reverse());
  }
  branches.push(...lines.filter((line) => !visited.has(line)));
  return { pieces: pieces.sort((a, b) => medianPosition(a) - medianPosition(b)), branches };
}

/** Whether a piece begins a chain rather than continuing one. */
export function isBeginning([first]: Piece<PlacedLine>): boolean {
  return first!.previous === NO_HASH;
}

/** Returns the lines that are out of order: all but a longest subsequence whose positions ascend. */
export function outOfOrder<Line extends PlacedLine>(lines: readonly Line[]): Line[] {
  // Indices of the last lines of the best subsequences so far, by their lengths.
  const ends: number[] = [];
  const previous: number[] = [];
  lines.forEach(({ position }, i) => {
    let low = 0;
    for (let high = ends.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (lines[ends[middle]!]!.position < position) low = middle + 1;
      else high = middle;
    }
    previous[i] = low > 0 ? ends[low - 1]! : -1;
    ends[low] = i;
  });
  const inOrder = new Set<number>();
  for (let i = ends.at(-1) ?? -1; i >= 0; i = previous[i]!) inOrder.add(i);
  return lines.filter((_, i) => !inOrder.has(i));
}

function medianPosition(piece: Piece<PlacedLine>): number {
  return piece[piece.length >> 1]!.position;
}
