import type { ComponentChildren } from 'preact';
import { useMay } from '../access/scopes.js';
import type { Drift } from '../client/api.js';
import type { Snapshot } from '../client/live.js';
import { ago, clock, counted, figure, percent, seconds, unbroken } from '../parts/format.js';
import { GROUP_NAMES } from '../parts/group-names.js';
import { Name } from '../parts/name.js';
import { Verdict, type VerdictProps } from '../parts/verdict.js';
import { ErrorTile } from './error-tile.js';
import { latestAlarm } from './latest-alarm.js';

/** The drift verdict in one sentence, and the key figures of the service. */
export function Status({ snapshot }: { snapshot: Snapshot }) {
  const { model, drift, traffic, notReady, connection } = snapshot;
  const measuring = useMay()('metrics') ? 'measuring…' : 'requires the scope metrics';
  return (
    <section aria-labelledby="status-title">
      <h2 id="status-title" class="unseen">
        Status
      </h2>
      <div role="status">
        <Verdict {...driftVerdict(snapshot)} />
      </div>
      <dl class="tiles">
        <Tile label="Serving">
          {model ? `version ${model.model_version}` : 'no version'}
          <small>{model ? `trained ${ago(Date.parse(model.created_at))}` : '–'}</small>
        </Tile>
        <Tile label="Ready">
          {connection === 'lost' ? 'unknown' : notReady ? 'no' : model ? 'yes' : '–'}
          <small>
            {connection === 'lost' ? 'no response' : notReady ? 'see the reason above' : 'passed its self-test'}
          </small>
        </Tile>
        <Tile label="Traffic">
          {traffic ? `${figure(traffic.rowsPerSecond)} rows/s` : '–'}
          <small>{traffic ? `${figure(traffic.requestsPerSecond)} predictions/s` : measuring}</small>
        </Tile>
        <Tile label="Latency">
          {traffic?.median != null ? seconds(traffic.median) : '–'}
          <small>
            {traffic?.p99 != null ? `99 % below ${seconds(traffic.p99)}` : traffic ? 'no predictions' : measuring}
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
        <ErrorTile drift={drift} model={model} />
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

function driftVerdict({ drift, driftOff, notReady, connection }: Snapshot): VerdictProps {
  const unknown = { kind: 'unknown', mark: '?' } as const;
  if (connection === 'lost') return { ...unknown, title: 'Status unknown: the service is not responding' };
  if (notReady) return { ...unknown, title: 'No model is serving', children: <Name of={notReady} max={300} /> };
  if (driftOff) return { ...unknown, title: 'Drift monitoring is off', children: <Name of={driftOff} max={300} /> };
  if (!drift) return { kind: 'unknown', mark: '…', title: 'Loading' };
  if (drift.detected)
    return { kind: 'alarm', mark: '▲', title: alarmTitle(drift), children: <AllFindings drift={drift} /> };
  const { windows, filled_rows, window_rows, dependence } = drift;
  if (dependence.order === 'longer_than_window' && dependence.cannot_tell) {
    const [title, ...remedy] = dependence.cannot_tell.split('. ');
    return { ...unknown, title: capitalised(title!), children: <Remarks drift={drift} text={remedy.join('. ')} /> };
  }
  const tested = windows[0]?.ended_at;
  const text = tested
    ? `The latest ${figure(window_rows)} rows, tested at ${clock(tested)}, look like the training data.`
    : `The first window is filling: ${figure(filled_rows)} of ${figure(window_rows)} rows so far. The control charts are already active.`;
  const remarks = [text, capitalised(dependence.cannot_tell ?? '')].filter((one) => one).join(' ');
  return { kind: 'quiet', mark: '✓', title: 'No drift', children: <Remarks drift={drift} text={remarks} /> };
}

const LEARNED_ANEW: Readonly<Record<Drift['dependence']['learned_anew'], string>> = {
  activation: 'a version was activated',
  baseline: 'the baseline was replaced',
  reset: 'monitoring was reset',
  upgrade: 'the stored state is of an earlier release',
};

/** A text, what is known of repeated rows, and since when the dependence of rows is learned. */
function Remarks({ drift: { dependence }, text }: { drift: Drift; text: string }) {
  const { repeats, since, learned_anew } = dependence;
  return (
    <>
      {text} {repeats ? `${repeats} ` : ''}
      <small>
        How rows depend on each other is learned since {clock(since)}: {LEARNED_ANEW[learned_anew]}.
      </small>
    </>
  );
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function alarmTitle({ groups }: Drift): string {
  const raised = groups.filter(({ detected }) => detected);
  const since = Math.min(...raised.map((group) => group.since ?? Number.POSITIVE_INFINITY));
  return `Drift since ${clock(since)} in ${raised.map(({ group }) => GROUP_NAMES[group] ?? group).join(', ')}`;
}

/** Groups of labelled rows. */
const BY_LABELS: readonly string[] = ['prediction_error', 'interval_coverage'];

/** What labelled rows show, then what the traffic shows. */
function AllFindings({ drift }: { drift: Drift }) {
  const alarms = [drift.prediction_error.comparison?.alarm, drift.interval_coverage.comparison?.alarm];
  const words = alarms.flatMap((alarm) => alarm?.words ?? []).join('; ');
  const isTraffic = drift.groups.some(({ group, detected }) => detected && !BY_LABELS.includes(group));
  return (
    <>
      {words ? (
        <>
          By labelled rows, <Name of={words} max={500} />.{' '}
        </>
      ) : null}
      {isTraffic ? <Findings drift={drift} /> : null}
    </>
  );
}

/** Maximum number of features named in the verdict; the table lists them all. */
const MAX_NAMES = 3;

function Findings({ drift }: { drift: Drift }) {
  const columns = latestAlarm(drift)?.evidence.columns ?? drift.windows[0]?.columns ?? [];
  const changed = columns.filter(({ detected, words }) => detected || words !== '');
  if (changed.length === 0) {
    const guard = drift.guards.find(({ detected }) => detected);
    if (guard)
      return (
        <>
          <Name of={guard.name} max={60} />: {unbroken(guard.words)}
        </>
      );
    const [cause] = drift.groups.flatMap((group) => (group.detected && group.cause ? [group.cause] : []));
    return cause ? (
      <>
        First detected in <Name of={cause.name} max={60} /> by{' '}
        {cause.by === 'chart' ? 'a control chart' : 'a window test'}. The next window will show more.
      </>
    ) : null;
  }
  return (
    <>
      {changed.slice(0, MAX_NAMES).map(({ name, words }, i) => (
        <span key={name}>
          {i > 0 ? '; ' : ''}
          <Name of={name} max={60} />: {unbroken(words) || 'changed'}
        </span>
      ))}
      {changed.length > MAX_NAMES ? `; and ${changed.length - MAX_NAMES} more` : ''}
    </>
  );
}
