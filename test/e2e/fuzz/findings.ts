import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FuzzCase } from './fuzz-case.js';

export interface Finding {
  readonly kind: string;
  readonly route: string;
  readonly status: number;
  /** What was seen at the first example. */
  readonly detail: string;
  readonly indexes: number[];
  count: number;
}

/** Examples that are saved of each finding. */
const MAX_EXAMPLES = 3;

/** Collects what is wrong, by kind, and saves the bytes that show it. */
export class Findings {
  readonly directory: string;
  private readonly found = new Map<string, Finding>();

  constructor(directory: string) {
    this.directory = directory;
  }

  get all(): readonly Finding[] {
    return Array.from(this.found.values()).sort((a, b) => key(a).localeCompare(key(b)));
  }

  add(kind: string, route: string, status: number, detail: string, cases: readonly FuzzCase[]): void {
    const finding = this.found.get(key({ kind, route, status })) ?? {
      kind,
      route,
      status,
      detail,
      indexes: [],
      count: 0,
    };
    this.found.set(key(finding), finding);
    finding.count++;
    if (finding.indexes.length >= MAX_EXAMPLES) return;
    for (const fuzz of cases) {
      finding.indexes.push(fuzz.index);
      save(this.directory, finding, fuzz);
    }
  }
}

function key({ kind, route, status }: Pick<Finding, 'kind' | 'route' | 'status'>): string {
  return `${kind} ${route} ${status}`;
}

/** The bytes as a file, and beside it how they were delivered. */
function save(directory: string, { kind, route, status, detail }: Finding, fuzz: FuzzCase): void {
  mkdirSync(directory, { recursive: true });
  const { index, bytes, delivery, at, reset, request } = fuzz;
  const name = `${index}-${kind.replaceAll(/\W+/g, '-')}`;
  writeFileSync(join(directory, `${name}.bin`), Buffer.concat([bytes.head, bytes.body]));
  const how = { index, kind, route, status, detail, source: request.name, delivery, at, reset, honest: request.honest };
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(how, undefined, 2)}\n`);
}
