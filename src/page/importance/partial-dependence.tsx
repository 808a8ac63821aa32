import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { Card } from '../client/api.js';
import { counted, figure, printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { axis, type Ink, Plot } from '../parts/plot.js';
import { Table } from '../parts/table.js';

export type Dependence = NonNullable<Card['partial_dependence']>[number];

export interface PartialDependenceProps {
  readonly dependence: Dependence;
  /** All of the version: their charts have the same scale. */
  readonly all: readonly Dependence[];
  readonly card: Card;
  /** Index of the target. */
  readonly target: number;
}

const HEIGHT = 180;

/** The mean prediction over the values of a column: a line for numbers and times, dots for levels. */
export function PartialDependence({ dependence, all, card, target }: PartialDependenceProps) {
  const { column, rows, values, predictions, unlisted } = dependence;
  const type = card.columns?.find(({ name }) => name === column)?.type ?? 'number';
  const scale = scaleOf(all, target);
  const points = values.map((value, i) => ({ value, mean: predictions[i]![target]! }));
  const id = `dependence-${all.indexOf(dependence)}`;
  return (
    <section class="dependence" aria-labelledby={id}>
      <h3 id={id}>
        <Name of={card.targets[target]!} max={40} /> by <Name of={column} max={40} />
      </h3>
      <p class="note">
        Mean prediction of {counted(rows, 'held-out row')}, if all had this value
        {type === 'category' ? ', the highest first' : ''}.
      </p>
      {type === 'number' || type === 'timestamp' ? (
        <Line points={points} isTime={type === 'timestamp'} scale={scale} column={column} />
      ) : (
        <Levels points={points} scale={scale} />
      )}
      {unlisted > 0 ? (
        <p>
          <small>and {counted(unlisted, 'less frequent level')}</small>
        </p>
      ) : null}
    </section>
  );
}

interface Point {
  readonly value: Dependence['values'][number];
  readonly mean: number;
}

type Scale = readonly [low: number, high: number];

interface LineProps {
  readonly points: readonly Point[];
  readonly isTime: boolean;
  readonly scale: Scale;
  readonly column: string;
}

function Line({ points, isTime, scale, column }: LineProps) {
  const known = points.filter(({ value }) => value !== null);
  const gap = points.find(({ value }) => value === null);
  const data = useMemo(() => {
    const at = known.map(({ value }) => (isTime ? Date.parse(String(value)) / 1000 : Number(value)));
    return [at, known.map(({ mean }) => mean)] as uPlot.AlignedData;
  }, [points.map(({ mean }) => mean).join()]);
  const [first, last] = [known[0]!, known.at(-1)!];
  const label =
    `Chart of the mean prediction by ${printable(column, 60)}: from ${figure(first.mean)} at ${shown(first.value)} ` +
    `to ${figure(last.mean)} at ${shown(last.value)}.`;
  return (
    <>
      <Plot
        of={`${column} ${scale}`}
        options={(ink) => options(ink, isTime, scale)}
        data={data}
        height={HEIGHT}
        label={label}
      />
      {gap ? <p>Without a value: {figure(gap.mean)}</p> : null}
      <details class="numbers">
        <summary>Show as table</summary>
        <Table head={['Value', 'Mean prediction']}>
          {known.map(({ value, mean }) => (
            <tr key={String(value)}>
              <th scope="row">{shown(value)}</th>
              <td>{figure(mean)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}

const LEVELS_HEAD = [
  'Value',
  'Mean prediction',
  <span key="figure" class="unseen">
    as a figure
  </span>,
];

function Levels({ points, scale: [low, high] }: { points: readonly Point[]; scale: Scale }) {
  return (
    <Table class="levels" head={LEVELS_HEAD}>
      {points
        .toSorted((a, b) => b.mean - a.mean)
        .map(({ value, mean }) => (
          <tr key={String(value)}>
            <th scope="row">{value === null ? 'no value' : <Name of={String(value)} max={40} />}</th>
            <td>
              <span class="dots" aria-hidden="true">
                <i style={{ left: `${(100 * (mean - low)) / (high - low)}%` }} />
              </span>
            </td>
            <td>{figure(mean)}</td>
          </tr>
        ))}
    </Table>
  );
}

/** Returns the range of all mean predictions, with some room. */
function scaleOf(all: readonly Dependence[], target: number): Scale {
  const means = all.flatMap(({ predictions }) => predictions.map((each) => each[target]!));
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const room = 0.05 * (high - low) || Math.abs(high) || 1;
  return [low - room, high + room];
}

function options(ink: Ink, isTime: boolean, [low, high]: Scale): Omit<uPlot.Options, 'width' | 'height'> {
  return {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(1000 * seconds), 'UTC'),
    scales: { x: { time: isTime }, y: { range: [low, high] } },
    axes: [
      axis(ink, {
        size: isTime ? 42 : 26,
        gap: 4,
        space: 60,
        ...(!isTime && { values: (_, splits) => splits.map((x) => figure(x)) }),
      }),
      axis(ink, { size: 60, values: (_, splits) => splits.map((y) => figure(y)) }),
    ],
    series: [{}, { stroke: ink('recent'), width: 2, points: { show: true, size: 5, fill: ink('recent') } }],
  };
}

function shown(value: Point['value']): string {
  return typeof value === 'number' ? figure(value, 4) : String(value);
}
