import { useEffect, useState } from 'preact/hooks';
import { describeError, Failure } from '../parts/failure.js';
import { figure } from '../parts/format.js';
import { JobFollower, type JobView } from './job-follower.js';
import { JobOutcome } from './job-outcome.js';
import { LossCurves } from './loss-curves.js';
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
      <div role="status">{view?.end ? <JobOutcome job={view.end} /> : view?.lost ? <p>{view.lost}</p> : null}</div>
      {view?.shadow ? <ShadowReport shadow={view.shadow} runs={!isOver} /> : null}
      <Failure message={failure} />
      {view?.best ? <LossCurves epochs={epochs} best={view.best} /> : null}
    </section>
  );
}
