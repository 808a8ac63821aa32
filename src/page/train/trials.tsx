import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Job } from '../client/api.js';
import { counted, figure, seconds } from '../parts/format.js';
import { Legend } from '../parts/legend.js';
import { axis, type Ink, logAxis, logScale, Plot } from '../parts/plot.js';
import { Table } from '../parts/table.js';

type Search = NonNullable<Job['search']>;
type Trial = Search['trials'][number];

const HEIGHT = 180;
const KEYS = {
  'reference dashed': 'trials of the first rung',
  'third line': 'survivors of the first rung',
  'recent line': 'compared to the end',
};
/** Trials in the table: the best. */
const MAX_LISTED = 10;
const HEAD = ['Trial', 'Error', 'Rows judged', 'Options'];

/** The trials of a search: the error of each, the best so far, and how far each came. */
export function Trials({ search }: { search: Search }) {
  const { trials, chosen, state, reason } = search;
  const data = useMemo(() => columnsOf(trials), [trials]);
  const judged = trials.filter(({ error }) => error !== null);
  const best = judged.toSorted((a, b) => b.rung - a.rung || a.error! - b.error!);
  const failed = trials.filter((trial) => trial.state === 'failed').length;
  const smallest = judged.length > 0 ? figure(Math.min(...judged.map(({ error }) => error!))) : '–';
  const label = `Chart of the errors of ${counted(trials.length, 'trial')}. The smallest is ${smallest}.`;
  return (
    <>
      <h3>Search for options</h3>
      <p class="note">
        {state === 'running'
          ? `${counted(trials.length, 'trial')} so far, ${search.folds > 1 ? `${search.folds}-fold cross-validation` : 'a split'} of ${counted(search.rows, 'training row')}`
          : `${reason}; ${seconds(search.seconds)}`}
        {failed > 0 ? `; ${counted(failed, 'trial')} failed` : ''}. The error is in standard deviations of the target.
      </p>
      {judged.length > 0 ? (
        <>
          <Legend keys={KEYS}>
            <li>dotted: best so far</li>
          </Legend>
          <Plot of="trials" options={options} data={data} height={HEIGHT} label={label} />
        </>
      ) : null}
      <details>
        <summary>The best trials</summary>
        <Table caption="The trials with the smallest errors" head={HEAD}>
          {best.slice(0, MAX_LISTED).map(({ trial, error, standard_error, rows, options: given }) => (
            <tr key={trial}>
              <th scope="row">
                {trial}
                {trial === chosen ? ' ✓' : ''}
              </th>
              <td>
                {figure(error)} ± {figure(standard_error)}
              </td>
              <td>{figure(rows)}</td>
              <td>{wordsOf(given)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}

function wordsOf(given: Trial['options']): string {
  const { hidden, learning_rate, batch_size, weight_decay, auxiliary_weight, hinges, target_transform, members } =
    given;
  return [
    `layers of ${hidden.join(', ')}`,
    `learning rate ${figure(learning_rate)}`,
    `batches of ${batch_size}`,
    ...(weight_decay > 0 ? [`weight decay ${figure(weight_decay)}`] : []),
    `reconstruction ${figure(auxiliary_weight)}`,
    ...((hinges ?? 0) > 0 ? ['hinges'] : []),
    ...(target_transform === 'log1p' ? ['logarithmic scale'] : []),
    ...(members > 1 ? [`average of ${members} networks`] : []),
  ].join('; ');
}

/** Numbers of the trials, the best error so far, and the errors of trials by the rung that they reached. */
function columnsOf(trials: readonly Trial[]): uPlot.AlignedData {
  let smallest = Number.POSITIVE_INFINITY;
  const best = trials.map(({ error }) => {
    smallest = Math.min(smallest, error ?? smallest);
    return Number.isFinite(smallest) ? smallest : null;
  });
  const reached = (isIn: (trial: Trial) => boolean) => trials.map((trial) => (isIn(trial) ? trial.error : null));
  const isLast = ({ state }: Trial) => state === 'finished';
  return [
    trials.map(({ trial }) => trial),
    best,
    reached((trial) => trial.rung === 1 && !isLast(trial)),
    reached((trial) => trial.rung > 1 && !isLast(trial)),
    reached(isLast),
  ];
}

function options(ink: Ink): Omit<uPlot.Options, 'width' | 'height'> {
  const dots = (colour: 'reference' | 'third' | 'recent', size: number): uPlot.Series => ({
    stroke: ink(colour),
    paths: () => null,
    points: { show: true, size, fill: ink(colour) },
  });
  return {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: (_, low, high) => [low - 0.5, Math.max(high, low + 1) + 0.5] }, y: logScale },
    axes: [axis(ink, { size: 26, gap: 4, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] }), logAxis(ink)],
    series: [
      {},
      { stroke: ink('muted'), width: 1, dash: [2, 3], points: { show: false } },
      dots('reference', 5),
      dots('third', 7),
      dots('recent', 9),
    ],
  };
}
