import type { Finding } from './findings.js';
import type { Watch } from './service/watch.js';

export interface Run {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly statuses: ReadonlyMap<number, number>;
  readonly memoryBound: number;
  readonly restarts: number;
}

/** The summary of a run as Markdown. */
export function report(run: Run, watch: Watch, findings: readonly Finding[], directory: string): string {
  const statuses = Array.from(run.statuses).sort(([a], [b]) => a - b);
  const undocumented = findings.filter(({ kind }) => kind === 'undocumented status');
  const others = findings.filter(({ kind }) => kind !== 'undocumented status');
  return [
    `## Fuzzing: ${run.requests} requests in ${run.seconds.toFixed(0)} s, seed ${run.seed}`,
    '',
    table(
      ['Measured', 'Value'],
      [
        ...Array.from(run.outcomes, ([name, count]) => [name, String(count)]),
        ['statuses', statuses.map(([status, count]) => `${status}: ${count}`).join(', ')],
        ['max RSS of the process', mebibytes(watch.maxRss)],
        ['max RSS with child processes', `${mebibytes(watch.maxTree)} (bound ${mebibytes(run.memoryBound)})`],
        ['max latency of `/livez`', `${watch.maxLatency.toFixed(0)} ms in ${watch.samples} samples`],
        ['the same without waiting for a processor', `${watch.maxOwnLatency.toFixed(0)} ms`],
        ['max delay of the measuring thread', `${watch.maxDelay.toFixed(0)} ms`],
        ['restarts of the service', String(run.restarts)],
      ],
    ),
    '',
    `### Statuses that OpenAPI does not list: ${undocumented.length} pairs`,
    '',
    undocumented.length === 0
      ? 'None.'
      : table(
          ['Route', 'Status', 'Requests', 'First index', 'Reply'],
          undocumented.map(({ route, status, count, indexes, detail }) => [
            `\`${route}\``,
            String(status),
            String(count),
            String(indexes[0]),
            cell(detail),
          ]),
        ),
    '',
    `### Other findings: ${others.length}`,
    '',
    others.length === 0
      ? 'None.'
      : table(
          ['Kind', 'Route', 'Status', 'Times', 'Indexes', 'Detail'],
          others.map(({ kind, route, status, count, indexes, detail }) => [
            kind,
            `\`${route}\``,
            String(status || ''),
            String(count),
            indexes.join(', '),
            cell(detail),
          ]),
        ),
    '',
    ...(findings.length === 0
      ? []
      : [
          `The bytes of the examples are in ${directory}. \`--seed=${run.seed} --from=<index> --requests=1\` sends one again.`,
          '',
        ]),
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.slice(0, 160).replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('`', "'");
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
