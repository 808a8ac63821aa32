import { useEffect, useState } from 'preact/hooks';
import { cancelJob } from '../client/api.js';
import { Failure, useFailure } from '../parts/failure.js';
import { figure } from '../parts/format.js';
import { followJob, type JobView } from './follow-job.js';
import { JobOutcome } from './job-outcome.js';
import { LossCurves } from './loss-curves.js';
import { ShadowReport } from './shadow-report.js';
import { Trials } from './trials.js';

/** The progress of a training, and its outcome. */
export function JobPanel({ id, onEnd }: { id: string; onEnd: () => void }) {
  const [view, setView] = useState<JobView | null>(null);
  const [failure, attempt] = useFailure();

  useEffect(() => followJob(id, setView), [id]);
  const isOver = Boolean(view?.end ?? view?.lost);
  useEffect(() => {
    if (isOver) onEnd();
  }, [isOver]);

  const [stopping, setStopping] = useState(false);
  const { search = null } = view ?? {};
  const isSearching = !isOver && search?.state === 'running';
  const stopsSearch = isSearching && view?.isSearchAsked === true && !stopping;
  const cancel = () =>
    attempt(async () => {
      if (stopsSearch) setStopping(true);
      await cancelJob(id);
    });
  const epochs = view?.epochs ?? [];
  const last = epochs.at(-1);

  return (
    <section class="panel" aria-labelledby="job-title">
      <header>
        <h2 id="job-title">{isOver ? 'Training' : 'Training…'}</h2>
        {isOver ? null : (
          <button type="button" class="risky" onClick={() => void cancel()}>
            {stopsSearch ? 'Stop the search' : 'Cancel'}
          </button>
        )}
      </header>
      {isSearching ? <p>{stopping ? 'The search ends…' : 'Searching for options…'}</p> : null}
      {isOver || isSearching ? null : (
        <p>
          <label>
            Epoch {last?.epoch ?? 0}
            {view?.limit ? ` of at most ${figure(view.limit)}` : ''}{' '}
            <progress max={view?.limit ?? 1} value={last?.epoch ?? 0} />
          </label>
        </p>
      )}
      <div role="status">{view?.end ? <JobOutcome job={view.end} /> : view?.lost ? <p>{view.lost}</p> : null}</div>
      {view?.shadow ? <ShadowReport shadow={view.shadow} runs={!isOver} /> : null}
      <Failure message={failure} />
      {search && search.trials.length > 0 ? <Trials search={search} /> : null}
      {view?.best ? <LossCurves epochs={epochs} best={view.best} /> : null}
    </section>
  );
}
