import { arch, cpus, platform } from 'node:os';
import type { Sample } from './samples.js';
import type { SoakTraffic } from './soak-traffic.js';
import type { Subject } from './subject.js';
import { fitTrend, grows, mean } from './trend.js';

export interface Soak {
  readonly subject: Subject;
  /** The version of Node that runs it. */
  readonly node: string;
  readonly minutes: number;
  readonly samples: readonly Sample[];
  /** A sample after the traffic. */
  readonly last: Sample | undefined;
  /** Why the service ended before. */
  readonly ended: string | undefined;
  /** Exit code after SIGTERM. */
  readonly code: number | null;
  readonly traffic: SoakTraffic;
}

/** Share of the time that is a warm-up: caches fill, the optimising compiler works, and V8 finds the size of its heap. */
const WARM_UP = 1 / 3;
const MEBIBYTE = 2 ** 20;
const least = (values: readonly number[]) => Math.min(...values);

/** Series, how the samples of a minute become one value, and its unit. The minimum of a heap is what a collection leaves. */
const SERIES: readonly [name: string, key: keyof Sample, reduce: (values: number[]) => number, unit: number][] = [
  ['RSS, MiB', 'rss', mean, MEBIBYTE],
  ['RSS with child processes, MiB', 'tree', least, MEBIBYTE],
  ['heap, MiB', 'heap', least, MEBIBYTE],
  ['buffers, MiB', 'external', least, MEBIBYTE],
  ['handles', 'handles', least, 1],
  ['descriptors', 'descriptors', least, 1],
  ['files on the disk', 'files', mean, 1],
];

/** Writes the page of a run. */
export function soakPage(soak: Soak): { page: string; passed: boolean } {
  const { subject, node, minutes, samples, last, ended, code, traffic } = soak;
  const warm = samples.filter(({ minute }) => minute >= WARM_UP * minutes);
  const verdicts: [claim: string, reached: boolean][] = [];
  const rows = SERIES.map(([name, key, reduce, unit]) => {
    const bins = binned(warm, key, reduce);
    const { slope, error } = fitTrend(
      bins.map(({ minute }) => minute / 60),
      bins.map(({ value }) => value / unit),
    );
    verdicts.push([`${name}: the slope is not above zero beyond its error`, !grows({ slope, error })]);
    const of = (some: readonly Sample[]) => (mean(some.map((sample) => sample[key])) / unit).toFixed(1);
    const third = Math.ceil(warm.length / 3);
    const max = Math.max(...samples.map((sample) => sample[key])) / unit;
    return [
      name,
      of(samples.slice(0, 6)),
      of(warm.slice(0, third)),
      of(warm.slice(-third)),
      max.toFixed(1),
      last ? (last[key] / unit).toFixed(1) : '',
      `${slope.toFixed(2)} ± ${error.toFixed(2)}`,
    ];
  });
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
      'and clients that send in pieces, read slowly or break off at any stage. Slopes are fitted to minutes after the ' +
      'first third; ± is one standard error, which allows for autocorrelation.',
    '',
    table(
      ['', 'first half minute', 'after the warm-up', 'at the end', 'maximum', 'without traffic', 'slope per hour'],
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

function binned(samples: readonly Sample[], key: keyof Sample, reduce: (values: number[]) => number) {
  const minutes = new Set(samples.map(({ minute }) => Math.floor(minute)));
  return Array.from(minutes, (minute) => {
    const some = samples.filter((sample) => Math.floor(sample.minute) === minute);
    return { minute, value: reduce(some.map((sample) => sample[key])) };
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
