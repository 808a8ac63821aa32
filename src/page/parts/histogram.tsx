import type { Column } from '../client/api.js';
import { figure, percent } from './format.js';
import { Name } from './name.js';
import { Table } from './table.js';

/** Size of the drawing, in units that scale to the space available. */
const WIDTH = 100;
const HEIGHT = 30;

/**
 * Two overlaid histograms over the bins of the baseline: the reference as an area, the recent rows as a stepped line.
 * All bins have the same width: those of numbers hold about the same number of held-out rows, and levels have no width.
 */
export function Histogram({ reference, recent }: Pick<Column, 'reference' | 'recent'>) {
  const [before, now] = [shares(reference), shares(recent)];
  const max = Math.max(...before, ...now, 1e-9);
  const steps = (values: readonly number[]) =>
    values
      .map((value, i) => {
        const y = (HEIGHT * (1 - value / max)).toFixed(2);
        return `${((WIDTH * i) / values.length).toFixed(2)},${y} ${((WIDTH * (i + 1)) / values.length).toFixed(2)},${y}`;
      })
      .join(' ');
  const isEmpty = now.every((value) => value === 0);
  return (
    <svg class="histogram" viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`} preserveAspectRatio="none" aria-hidden="true">
      <polygon class="before" points={`0,${HEIGHT} ${steps(before)} ${WIDTH},${HEIGHT}`} />
      {isEmpty ? null : <polygon class="now area" points={`0,${HEIGHT} ${steps(now)} ${WIDTH},${HEIGHT}`} />}
      {isEmpty ? null : <polyline class="now" points={`0,${HEIGHT} ${steps(now)} ${WIDTH},${HEIGHT}`} />}
    </svg>
  );
}

/** The same histograms as a table of bins with their limits, or their levels. */
export function BinTable({
  reference,
  recent,
  edges,
  levels,
}: Pick<Column, 'reference' | 'recent' | 'edges' | 'levels'>) {
  const [before, now] = [shares(reference), shares(recent)];
  return (
    <Table head={[levels ? 'Levels' : 'Values', 'Held-out rows', 'Recent rows']}>
      {before.map((share, i) => (
        <tr key={String(i)}>
          <th scope="row">{levels ? <Name of={levels[i]!} max={40} /> : limits(edges, i)}</th>
          <td>{percent(share)}</td>
          <td>{percent(now[i]!)}</td>
        </tr>
      ))}
    </Table>
  );
}

function limits(edges: readonly number[], i: number): string {
  const [low, high] = [edges[i - 1], edges[i]];
  if (low === undefined && high === undefined) return 'all';
  if (low === undefined) return `up to ${figure(high, 4)}`;
  return high === undefined ? `above ${figure(low, 4)}` : `${figure(low, 4)} to ${figure(high, 4)}`;
}

function shares(counts: readonly number[]): number[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (all > 0 ? count / all : 0));
}
