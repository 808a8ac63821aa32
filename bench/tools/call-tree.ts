import { existsSync, readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { SourceMap } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Room, roomOf } from './call-purpose.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A function that was called by another, with all its calls from there. */
export interface Call {
  readonly name: string;
  /** Its file in the project, or what V8 calls its origin; empty for V8's own. */
  readonly place: string;
  readonly room: Room | undefined;
  /** Samples in the function itself, and in it or in what it called. */
  readonly self: number;
  readonly total: number;
  readonly calls: readonly Call[];
}

/** The calls of a profile, without the time in which the process waited. */
export function callTree({ nodes }: Profiler.Profile): Call {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const placeOf = placing();
  const read = (id: number, caller: Room | undefined): Call => {
    const { callFrame, hitCount = 0, children = [] } = byId.get(id)!;
    const name = callFrame.functionName || '(anonymous)';
    const place = placeOf(callFrame);
    const room = roomOf(name, place, caller);
    const self = name === '(idle)' ? 0 : hitCount;
    const calls = children.map((child) => read(child, room));
    return { name, place, room, self, total: calls.reduce((sum, { total }) => sum + total, self), calls };
  };
  return read(nodes[0]!.id, undefined);
}

/** Samples in the functions of each room themselves; those of no room under `undefined`. */
export function selfByRoom(call: Call, sums = new Map<Room | undefined, number>()): Map<Room | undefined, number> {
  sums.set(call.room, (sums.get(call.room) ?? 0) + call.self);
  for (const called of call.calls) selfByRoom(called, sums);
  return sums;
}

/** Tells where a function was written: by the map of a bundle, if it is in one. */
function placing(): (frame: Profiler.Profile['nodes'][number]['callFrame']) => string {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (!url.startsWith('file:')) return url;
    if (!maps.has(url)) {
      const path = `${fileURLToPath(url)}.map`;
      maps.set(url, existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined);
    }
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    const source = entry && 'originalSource' in entry ? new URL(entry.originalSource, url).href : url;
    return relative(ROOT, fileURLToPath(source)).replace(/^dist\//, '');
  };
}
