import { arch, cpus, platform } from 'node:os';
import type { HeapLine } from './heap-probe.js';
import type { Sample } from './samples.js';
import type { SoakTraffic } from './soak-traffic.js';
import type { Subject } from './subject.js';
import { fitTrend, isSteady, mean } from './trend.js';

export interface Soak {
  readonly subject: Subject;
  /** The version of Node that runs it. */
  readonly node: string;
  readonly minutes: number;
  /** Minutes of these that are not judged. */
  readonly warmUp: number;
  readonly samples: readonly Sample[];
  /** Heaps of the programs that run all the time. */
  readonly heaps: ReadonlyMap<string, readonly (HeapLine & { readonly minute: number })[]>;
  /** A sample after the traffic. */
  readonly last: Sample | undefined;
  /** Why the service ended before. */
  readonly ended: string | undefined;
  /** Exit code after SIGTERM. */
  readonly code: number | null;
  readonly traffic: SoakTraffic;
}

const MEBIBYTE = 2 ** 20;
/** Minutes of a block. Trainings, uploads and rollbacks, which move memory, repeat within a minute. */
export const BLOCK = 5;
const least = (values: readonly number[]) => Math.min(...values);

/** Series of samples, how those of a minute become one value, and their unit. */
const SERIES: readonly [name: string, key: keyof Sample, reduce: (values: number[]) => number, unit: number][] = [
  ['RSS, MiB', 'rss', mean, MEBIBYTE],
  ['RSS with child processes, MiB', 'tree', least, MEBIBYTE],
  ['buffers, MiB', 'external', least, MEBIBYTE],
  ['handles', 'handles', least, 1],
  ['descriptors', 'descriptors', least, 1],
  ['files on the disk', 'files', mean, 1],
];

interface Point {
  readonly minute: number;
  readonly value: number;
}

/** Writes the page of a run. */
export function soakPage(soak: Soak): { page: string; passed: boolean } {
  const { subject, node, minutes, warmUp, samples, heaps, last, ended, code, traffic } = soak;
  const verdicts: [claim: string, reached: boolean][] = [];
  /** Returns a row of the table. Points within the warm-up, and after the traffic, are not judged. */
  const row = (name: string, points: readonly Point[], atRest?: number): string[] => {
    const warm = points.filter(({ minute }) => minute >= warmUp && minute < minutes);
    const trend = fitTrend(
      warm.map(({ minute }) => minute / 60),
      warm.map(({ value }) => value),
      BLOCK,
    );
    if (!name.includes('code')) {
      verdicts.push([`${name}: the slope is not above zero beyond its error`, isSteady(trend)]);
    }
    const of = (some: readonly Point[]) => mean(some.map(({ value }) => value)).toFixed(1);
    const third = Math.ceil(warm.length / 3);
    return [
      name,
      of(points.slice(0, 1)),
      of(warm.slice(0, third)),
      of(warm.slice(-third)),
      Math.max(...points.map(({ value }) => value)).toFixed(1),
      atRest === undefined ? '' : atRest.toFixed(1),
      `${trend.slope.toFixed(2)} ± ${trend.error.toFixed(2)}`,
    ];
  };
  const heapRow = (program: string, kind: 'objects' | 'code', name: string) =>
    row(
      name,
      (heaps.get(program) ?? []).map(({ minute, [kind]: bytes }) => ({ minute, value: bytes / MEBIBYTE })),
    );
  const rows = [
    heapRow('main', 'objects', 'heap after a collection, MiB'),
    heapRow('main', 'code', 'its code, MiB'),
    heapRow('feedback-process', 'objects', 'heap of the feedback process after a collection, MiB'),
    ...SERIES.map(([name, key, reduce, unit]) =>
      row(name, binned(samples, key, reduce, unit), last && last[key] / unit),
    ),
  ];
  const replies = [...traffic.statuses.values()].reduce((sum, count) => sum + count, 0);
  verdicts.push(
    ['the service neither ended nor started again', ended === undefined],
    ['it exits with 0 on SIGTERM', code === 0],
    ['no request failed: no 5xx but 501 and 503, and no connection lost', traffic.failures.length === 0],
  );
  const passed = verdicts.every(([, reached]) => reached);
  const page = [
    '# Soak',
    '',
    'Printed by `npm run soak`.',
    '',
    `Node ${node}, ${platform()} ${arch()}, ${cpus().length} × ${cpus()[0]?.model.trim()}. ${minutes} minutes, in ${subject.description}.`,
    '',
    `Mixed traffic, ${(replies / minutes / 60).toFixed(0)} replies a second: predictions in every protocol and format, feedback ` +
      'by id and by row, trainings that begin to serve, uploads, rollbacks, new baselines, event streams, large bodies, ' +
      'and clients that send in pieces, read slowly or break off at any stage. A model of numbers and one of texts, dates and ' +
      `gaps serve in turns. A line is fitted to the means of blocks of ${BLOCK} minutes after a warm-up of ${warmUp}; ± is its standard ` +
      'error. A slope is above zero beyond its error if Student’s t says so at 1 %. A heap is measured each minute after a full ' +
      'collection. Code, which grows for as long as V8 optimises functions, is not judged: it is bounded by the program.',
    '',
    table(
      ['', 'first minute', 'after the warm-up', 'at the end', 'maximum', 'without traffic', 'slope per hour'],
      rows,
    ),
    '',
    '| traffic | replies by status |',
    '|---|---|',
    ...statusLines(traffic.statuses),
    '',
    ...verdicts.map(([claim, reached]) => `- ${claim}: ${reached ? 'reached' : 'MISSED'}`),
    ...(ended ? ['', `The service ended: ${ended}`] : []),
    ...(traffic.failures.length > 0 ? ['', 'Failures:', '', ...traffic.failures.map((each) => `- \`${each}\``)] : []),
    '',
  ].join('\n');
  return { page, passed };
}

function binned(
  samples: readonly Sample[],
  key: keyof Sample,
  reduce: (values: number[]) => number,
  unit: number,
): Point[] {
  const minutes = new Set(samples.map(({ minute }) => Math.floor(minute)));
  return Array.from(minutes, (minute) => {
    const some = samples.filter((sample) => Math.floor(sample.minute) === minute);
    return { minute, value: reduce(some.map((sample) => sample[key])) / unit };
  });
}

function statusLines(statuses: ReadonlyMap<string, number>): string[] {
  const kinds = new Map<string, string[]>();
  for (const [key, count] of [...statuses].sort(([a], [b]) => a.localeCompare(b))) {
    const [, kind, status] = /^(.*) (\d+)$/.exec(key)!;
    kinds.set(kind!, [...(kinds.get(kind!) ?? []), `${status}: ${count}`]);
  }
  return Array.from(kinds, ([kind, counts]) => `| ${kind} | ${counts.join(', ')} |`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, ['---', ...head.slice(1).map(() => '---:')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
