import { useEffect, useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Epoch, Job } from '../client/api.js';
import { describeError, Failure } from '../parts/failure.js';
import { counted, figure, percent, seconds } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { axis, type Ink, logAxis, logScale, Plot } from '../parts/plot.js';
import { Verdict } from '../parts/verdict.js';
import { JobFollower, type JobView } from './job-follower.js';
import { ShadowReport } from './shadow-report.js';

/** The progress of a training, and its outcome. */
export function JobPanel({ id, onEnd }: { id: string; onEnd: () => void }) {
  const [view, setView] = useState<JobView | null>(null);
  const [follower, setFollower] = useState<JobFollower | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  useEffect(() => {
    setView(null);
    const made = new JobFollower(id, setView);
    setFollower(made);
    return () => made.close();
  }, [id]);
  const ended = view?.end !== undefined && view.end !== null;
  const isOver = ended || (view?.lost ?? null) !== null;
  useEffect(() => {
    if (isOver) onEnd();
  }, [isOver]);

  const epochs = view?.epochs ?? [];
  const last = epochs.at(-1);
  const cancel = () => follower?.cancel().catch((error: unknown) => setFailure(describeError(error)));

  return (
    <section class="panel" aria-labelledby="job-title">
      <header>
        <h2 id="job-title">{isOver ? 'Training' : 'Training…'}</h2>
        {isOver ? null : (
          <button type="button" class="risky" onClick={cancel}>
            Cancel
          </button>
        )}
      </header>
      {isOver ? null : (
        <p>
          <label>
            Epoch {last?.epoch ?? 0}
            {view?.limit ? ` of at most ${figure(view.limit)}` : ''}{' '}
            <progress max={view?.limit ?? 1} value={last?.epoch ?? 0} />
          </label>
        </p>
      )}
      <div role="status">{view?.end ? <Outcome job={view.end} /> : view?.lost ? <p>{view.lost}</p> : null}</div>
      {view?.shadow ? <ShadowReport shadow={view.shadow} runs={!isOver} /> : null}
      <Failure message={failure} />
      {view?.best ? <LossCurves epochs={epochs} best={view.best} /> : null}
    </section>
  );
}

const HEIGHT = 220;

function LossCurves({ epochs, best }: { epochs: readonly Epoch[]; best: Epoch }) {
  const data = useMemo<uPlot.AlignedData>(
    () => [
      epochs.map(({ epoch }) => epoch),
      epochs.map(({ loss }) => loss),
      epochs.map(({ val_loss }) => val_loss),
      epochs.map(({ val_reconstruction_error }) => val_reconstruction_error),
    ],
    [epochs],
  );
  const label =
    `Chart of the loss over ${counted(epochs.at(-1)!.epoch, 'epoch')}. On held-out rows it is ${figure(epochs.at(-1)!.val_loss)}; the ` +
    `prediction was best in epoch ${best.epoch}.`;
  return (
    <>
      <ul class="legend" aria-hidden="true">
        <li>
          <i class="key reference dashed" /> loss, training rows
        </li>
        <li>
          <i class="key recent line" /> loss, held-out rows
        </li>
        <li>
          <i class="key third line" /> reconstruction error, held-out rows
        </li>
        <li>best so far: epoch {best.epoch}</li>
      </ul>
      <Plot of="loss" options={options} data={data} height={HEIGHT} label={label} />
    </>
  );
}

function options(ink: Ink): Omit<uPlot.Options, 'width' | 'height'> {
  // A single epoch has no line to draw.
  const points = { show: ({ data }: uPlot) => data[0].length < 2 };
  return {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false },
      y: logScale,
    },
    axes: [
      axis(ink, { size: 26, gap: 4, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000] }),
      logAxis(ink),
    ],
    series: [
      {},
      { stroke: ink.reference, width: 1.5, dash: [5, 4], points },
      { stroke: ink.recent, width: 2, points },
      { stroke: ink.third, width: 1.5, points },
    ],
  };
}

function Outcome({ job }: { job: Job }) {
  const { state, error, metrics, rows, dropped, epoch } = job;
  if (state === 'cancelled')
    return <Verdict kind="unknown" mark="■" title={`Cancelled after ${counted(epoch, 'epoch')}`} />;
  if (state === 'failed')
    return (
      <Verdict kind="alarm" mark="▲" title="The training failed">
        {error ? <Name of={error.message} max={600} /> : null}
      </Verdict>
    );
  return (
    <>
      <Decision job={job} />
      <p class="note">
        {counted(rows, 'row')} in {seconds(job.seconds)}, {counted(epoch, 'epoch')}.{' '}
        {dropped > 0 ? `${counted(dropped, 'row')} left out.` : ''}
      </p>
      {metrics ? (
        <table>
          <caption class="unseen">Errors on the held-out rows</caption>
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">RMSE</th>
              <th scope="col">RMSE of the mean</th>
              <th scope="col">MAE</th>
              <th scope="col">R²</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(metrics.targets).map(([name, { rmse, baseline_rmse, mae, r2 }]) => (
              <tr key={name}>
                <th scope="row">
                  <Name of={name} max={60} />
                </th>
                <td>{figure(rmse)}</td>
                <td>{figure(baseline_rmse)}</td>
                <td>{figure(mae)}</td>
                <td>{r2 === null ? '–' : percent(r2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </>
  );
}

function Decision({ job: { model_version, gate } }: { job: Job }) {
  const reason = gate ? <Name of={gate.reason} max={600} /> : null;
  if (gate?.decision === 'refused') {
    return (
      <Verdict kind="unknown" mark="■" title={`Version ${model_version} was refused and is not serving`}>
        {reason}
      </Verdict>
    );
  }
  if (gate?.decision === 'not_asked') {
    return (
      <Verdict kind="quiet" mark="✓" title={`Version ${model_version} has been trained`}>
        {reason}
      </Verdict>
    );
  }
  return (
    <Verdict kind="quiet" mark="✓" title={`Version ${model_version} is now serving`}>
      {reason}
    </Verdict>
  );
}
