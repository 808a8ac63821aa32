import type { ComponentChildren } from 'preact';
import type { Drift } from '../client/api.js';
import type { Snapshot } from '../client/live.js';
import { ago, clock, counted, figure, glued, percent, seconds } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Verdict } from '../parts/verdict.js';

/** The verdict in one sentence, and what one asks first of a service. */
export function Status({ snapshot }: { snapshot: Snapshot }) {
  const { model, traffic, notReady, connection } = snapshot;
  return (
    <section aria-labelledby="status-title">
      <h2 id="status-title" class="unseen">
        Status
      </h2>
      <div role="status">
        <DriftVerdict snapshot={snapshot} />
      </div>
      <dl class="tiles">
        <Tile label="Serving">
          {model ? `version ${model.model_version}` : 'no version'}
          <small>{model ? `trained ${ago(Date.parse(model.created_at))}` : '–'}</small>
        </Tile>
        <Tile label="Ready">
          {connection === 'lost' ? 'unknown' : notReady ? 'no' : model ? 'yes' : '–'}
          <small>{connection === 'lost' ? 'no answer' : notReady ? 'why: see above' : 'has answered its probe'}</small>
        </Tile>
        <Tile label="Traffic">
          {traffic ? `${figure(traffic.rowsPerSecond)} rows/s` : '–'}
          <small>{traffic ? `${figure(traffic.requestsPerSecond)} predictions/s` : 'measuring …'}</small>
        </Tile>
        <Tile label="Latency">
          {traffic?.median != null ? seconds(traffic.median) : '–'}
          <small>
            {traffic?.p99 != null ? `99 % below ${seconds(traffic.p99)}` : traffic ? 'no predictions' : 'measuring …'}
          </small>
        </Tile>
        <Tile label="Failed requests">
          {traffic ? percent(traffic.failed) : '–'}
          <small>status 5xx, last minute</small>
        </Tile>
        <Tile label="Engine">
          {model?.engine ?? '–'}
          <small>
            {model ? `${counted(model.features.length, 'feature')}, ${counted(model.targets.length, 'target')}` : '–'}
          </small>
        </Tile>
      </dl>
    </section>
  );
}

function Tile({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function DriftVerdict({ snapshot: { drift, driftOff, notReady, connection } }: { snapshot: Snapshot }) {
  if (connection === 'lost')
    return <Verdict kind="unknown" mark="?" title="Nothing is known: the service does not answer" />;
  if (notReady)
    return (
      <Verdict kind="unknown" mark="?" title="No model serves">
        <Name of={notReady} most={300} />
      </Verdict>
    );
  if (driftOff)
    return (
      <Verdict kind="unknown" mark="?" title="Drift is not watched">
        <Name of={driftOff} most={300} />
      </Verdict>
    );
  if (!drift) return <Verdict kind="unknown" mark="…" title="Asking the service" />;
  if (drift.detected)
    return (
      <Verdict kind="alarm" mark="▲" title={alarmTitle(drift)}>
        <Findings drift={drift} />
      </Verdict>
    );
  const { windows, filled_rows, window_rows } = drift;
  const tested = windows[0]?.ended_at;
  const text = tested
    ? `The latest ${figure(window_rows)} rows, tested at ${clock(tested)}, look like the training data.`
    : `The first ${figure(window_rows)} rows are not there yet: ${figure(filled_rows)} so far. The running charts watch already.`;
  return (
    <Verdict kind="quiet" mark="✓" title="No drift">
      {text}
    </Verdict>
  );
}

function alarmTitle({ groups }: Drift): string {
  const raised = groups.filter(({ detected }) => detected);
  const since = Math.min(...raised.map((group) => group.since ?? Number.POSITIVE_INFINITY));
  return `Drift since ${clock(since)} in ${raised.map(({ group }) => GROUP_NAMES[group] ?? group).join(', ')}`;
}

/** What is tested together, in plain words. */
export const GROUP_NAMES: Readonly<Record<string, string>> = {
  features: 'distributions',
  guards: 'ranges and missing values',
  conditional: 'dependence between inputs',
  error: 'reconstruction error',
};

/** Most features that are named in the verdict; the table has all. */
const NAMED = 3;

function Findings({ drift }: { drift: Drift }) {
  const moved = (drift.windows[0]?.columns ?? []).filter(({ detected }) => detected);
  if (moved.length === 0) {
    const [cause] = drift.groups.flatMap((group) => (group.detected && group.cause ? [group.cause] : []));
    return cause ? (
      <>
        First seen in <Name of={cause.name} most={60} />, by{' '}
        {cause.by === 'chart' ? 'a running chart' : 'the test of a window'}. The window that is being filled will say
        more.
      </>
    ) : null;
  }
  return (
    <>
      {moved.slice(0, NAMED).map(({ name, words }, i) => (
        <span key={name}>
          {i > 0 ? '; ' : ''}
          <Name of={name} most={60} />: {glued(words) || 'moved'}
        </span>
      ))}
      {moved.length > NAMED ? `; and ${moved.length - NAMED} more` : ''}
    </>
  );
}
