import { existsSync, readFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { SourceMap } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Purpose, purposeOf } from './call-purpose.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A function as called by one caller, with its own calls. */
export interface Call {
  readonly name: string;
  /** Its file in the project, or its URL as reported by V8; empty for V8 internals. */
  readonly place: string;
  readonly purpose: Purpose | undefined;
  /** Samples in the function itself, and in the function or its callees. */
  readonly self: number;
  readonly total: number;
  readonly calls: readonly Call[];
}

/** Builds the call tree of a profile, without idle time. */
export function callTree({ nodes }: Profiler.Profile): Call {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const placeOf = sourcePlaces();
  const read = (id: number, caller: Purpose | undefined): Call => {
    const { callFrame, hitCount = 0, children = [] } = byId.get(id)!;
    const name = callFrame.functionName || '(anonymous)';
    const place = placeOf(callFrame);
    const purpose = purposeOf(name, place, caller);
    const self = name === '(idle)' ? 0 : hitCount;
    const calls = children.map((child) => read(child, purpose));
    return { name, place, purpose, self, total: calls.reduce((sum, { total }) => sum + total, self), calls };
  };
  return read(nodes[0]!.id, undefined);
}

/** Sums the samples by the purpose of their functions; `undefined` holds those without one. */
export function selfByPurpose(
  call: Call,
  sums = new Map<Purpose | undefined, number>(),
): Map<Purpose | undefined, number> {
  sums.set(call.purpose, (sums.get(call.purpose) ?? 0) + call.self);
  for (const called of call.calls) selfByPurpose(called, sums);
  return sums;
}

/** Returns a function that finds the source file of a call, through the source map of its bundle if there is one. */
function sourcePlaces(): (frame: Profiler.Profile['nodes'][number]['callFrame']) => string {
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
