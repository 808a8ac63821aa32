import { type Job, reportPath } from '../client/api.js';
import { counted, figure, percent, seconds } from '../parts/format.js';
import { GateWarnings } from '../parts/gate-warnings.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import { Verdict } from '../parts/verdict.js';

/** How to show each decision of the gate. Without a decision, the version serves. */
const DECISIONS = {
  promoted: ['quiet', '✓', 'is now serving'],
  refused: ['unknown', '■', 'was refused and is not serving'],
  not_asked: ['quiet', '✓', 'has been trained'],
} as const;

const HEAD = ['Target', 'RMSE', 'RMSE of the mean', 'RMSE of ridge regression', 'MAE', 'R²'];

/** The outcome of a finished training, with its errors on the held-out rows. */
export function JobOutcome({ job }: { job: Job }) {
  const { state, error, metrics, baselines, rows, dropped, epoch, gate } = job;
  if (state === 'cancelled')
    return <Verdict kind="unknown" mark="■" title={`Cancelled after ${counted(epoch, 'epoch')}`} />;
  if (state === 'failed')
    return (
      <Verdict kind="alarm" mark="▲" title="The training failed">
        {error ? <Name of={error.message} max={600} /> : null}
      </Verdict>
    );
  const [kind, mark, outcome] = DECISIONS[gate?.decision ?? 'promoted'];
  return (
    <>
      <Verdict kind={kind} mark={mark} title={`Version ${job.model_version} ${outcome}`}>
        {gate ? <Name of={gate.reason} max={600} /> : null}
      </Verdict>
      <GateWarnings gate={gate} />
      <p class="note">
        {counted(rows, 'row')} in {seconds(job.seconds)}, {counted(epoch, 'epoch')}.{' '}
        {dropped > 0 ? `${counted(dropped, 'row')} left out.` : ''}{' '}
        {job.model_version ? (
          <a href={reportPath(job.model_version)} target="_blank" rel="noopener">
            Report of version {job.model_version}
          </a>
        ) : null}
      </p>
      {metrics ? (
        <Table caption="Errors on the held-out rows" head={HEAD}>
          {Object.entries(metrics.targets).map(([name, { rmse, baseline_rmse, mae, r2 }]) => (
            <tr key={name}>
              <th scope="row">
                <Name of={name} max={60} />
              </th>
              <td>{figure(rmse)}</td>
              <td>{figure(baseline_rmse)}</td>
              <td>{figure(baselines?.ridge?.targets[name]?.rmse)}</td>
              <td>{figure(mae)}</td>
              <td>{r2 === null ? '–' : percent(r2)}</td>
            </tr>
          ))}
        </Table>
      ) : null}
      {baselines?.ridge_unavailable ? (
        <p class="note">There is no ridge regression to compare with: {baselines.ridge_unavailable}.</p>
      ) : null}
    </>
  );
}
