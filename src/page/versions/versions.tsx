import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import {
  activateVersion,
  archivePath,
  type Comparison,
  compareVersions,
  getVersions,
  onnxPath,
  removeVersion,
  rollBack,
  type Version,
  type Versions as VersionList,
} from '../client/api.js';
import type { Live } from '../client/live.js';
import { Confirm } from '../parts/confirm.js';
import { Failure, told } from '../parts/failure.js';
import { ago, bytes, figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { ComparisonTable } from './comparison-table.js';
import { Upload } from './upload.js';

type Asked = { readonly what: 'activate' | 'remove'; readonly version: string } | { readonly what: 'roll back' };

/** All versions: what serves, what did, how good they are; and what can be done with them. */
export function Versions({ live, serving, isShown }: { live: Live; serving: string | null; isShown: boolean }) {
  const [list, setList] = useState<VersionList | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [news, setNews] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);

  const load = useCallback(async () => {
    try {
      setList(await getVersions());
      setFailure(null);
    } catch (error) {
      setFailure(told(error));
    }
  }, []);
  useEffect(() => {
    if (isShown) void load();
  }, [isShown, serving]);

  const newsLine = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // The button that had the focus may be gone, or be of no use now.
    const { activeElement } = document;
    if (news && (activeElement === document.body || activeElement?.matches(':disabled'))) newsLine.current?.focus();
  }, [news, list]);

  const run = async <T,>(work: () => Promise<T>, done: (result: T) => string) => {
    setNews('');
    try {
      setNews(done(await work()));
      setFailure(null);
      await Promise.all([load(), live.refresh()]);
    } catch (error) {
      setFailure(told(error));
    }
  };
  const answer = (yes: boolean) => {
    setAsked(null);
    if (!yes || !asked) return;
    if (asked.what === 'roll back') void run(rollBack, () => `Version ${list?.aliases.previous} serves again.`);
    else if (asked.what === 'activate') {
      void run(
        () => activateVersion(asked.version),
        () => `Version ${asked.version} serves now.`,
      );
    } else
      void run(
        () => removeVersion(asked.version),
        () => `Version ${asked.version} is removed.`,
      );
  };
  const choose = (version: string, isChosen: boolean) => {
    setComparison(null);
    setChosen(isChosen ? [...chosen, version].slice(-2) : chosen.filter((other) => other !== version));
  };
  const compare = async () => {
    const [newer, older] = chosen.toSorted((a, b) => Number(b) - Number(a));
    try {
      setComparison(await compareVersions(older!, newer!));
      setFailure(null);
    } catch (error) {
      setFailure(told(error));
    }
  };
  const previous = list?.aliases.previous ?? null;

  return (
    <>
      <section class="panel" aria-labelledby="versions-title">
        <header>
          <h2 id="versions-title">Versions</h2>
          <div class="actions">
            <button type="button" disabled={chosen.length !== 2} onClick={compare}>
              Compare {chosen.length === 2 ? 'the two chosen' : 'two'}
            </button>
            <button type="button" disabled={previous === null} onClick={() => setAsked({ what: 'roll back' })}>
              {previous === null ? 'Roll back' : `Roll back to version ${previous}`}
            </button>
          </div>
        </header>
        <Failure message={failure} />
        <p role="status" ref={newsLine} tabIndex={-1}>
          {news}
        </p>
        <Upload
          onEnd={(upload) =>
            run(
              () => upload,
              ({ model_version }) => `Version ${model_version} is added; it does not serve.`,
            )
          }
        />
        {list && list.models.length === 0 ? <p class="note">There are none yet. Train one.</p> : null}
        {list && list.models.length > 0 ? (
          <VersionTable list={list} chosen={chosen} onChoose={choose} onAsk={setAsked} />
        ) : null}
      </section>
      {comparison ? <ComparisonTable comparison={comparison} /> : null}
      {asked ? <Question asked={asked} serving={serving} previous={previous} onAnswer={answer} /> : null}
    </>
  );
}

interface VersionTableProps {
  readonly list: VersionList;
  readonly chosen: readonly string[];
  readonly onChoose: (version: string, isChosen: boolean) => void;
  readonly onAsk: (asked: Asked) => void;
}

function VersionTable({ list, chosen, onChoose, onAsk }: VersionTableProps) {
  return (
    <table class="versions">
      <caption class="unseen">All versions, newest first</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">Compare</span>
          </th>
          <th scope="col">Version</th>
          <th scope="col">Made</th>
          <th scope="col">RMSE</th>
          <th scope="col">Reconstruction error</th>
          <th scope="col">Gate</th>
          <th scope="col">Download</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {list.models.map((version) => (
          <Row
            key={version.model_version}
            version={version}
            isChosen={chosen.includes(version.model_version)}
            onChoose={onChoose}
            onAsk={onAsk}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps extends Omit<VersionTableProps, 'list' | 'chosen'> {
  readonly version: Version;
  readonly isChosen: boolean;
}

function Row({ version, isChosen, onChoose, onAsk }: RowProps) {
  const { model_version: number, created_at, origin, serving, aliases, metrics, gate, rows } = version;
  return (
    <tr class={serving ? 'serving' : undefined}>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare version ${number}`}
          checked={isChosen}
          onChange={({ currentTarget }) => onChoose(number, currentTarget.checked)}
        />
      </td>
      <th scope="row">
        {number}
        {serving ? <span class="badge serves">✓ serves</span> : null}
        {aliases.map((alias) => (
          <span key={alias} class="badge">
            {alias}
          </span>
        ))}
      </th>
      <td data-label="Made">
        {ago(Date.parse(created_at))}{' '}
        <small>
          {origin === 'upload' ? 'uploaded' : `from ${figure(rows)} rows`}, {bytes(version.bytes)}
        </small>
      </td>
      <td data-label="RMSE">
        {Object.entries(metrics.targets).map(([name, { rmse }]) => (
          <div key={name}>
            {figure(rmse)}{' '}
            <small>
              <Name of={name} most={24} />
            </small>
          </div>
        ))}
      </td>
      <td data-label="Reconstruction error">{figure(metrics.reconstruction_error)}</td>
      <td data-label="Gate">{gate ? <GateWords decision={gate.decision} reason={gate.reason} /> : '–'}</td>
      <td data-label="Download">
        <a href={archivePath(number)} download aria-label={`Archive of version ${number}`}>
          archive
        </a>{' '}
        <a href={onnxPath(number)} download aria-label={`ONNX of version ${number}`}>
          ONNX
        </a>
      </td>
      <td>
        <div class="actions">
          <button
            type="button"
            disabled={serving}
            aria-label={`Activate version ${number}`}
            onClick={() => onAsk({ what: 'activate', version: number })}
          >
            Activate
          </button>
          <button
            type="button"
            class="risky"
            disabled={serving || aliases.length > 0}
            aria-label={`Remove version ${number}`}
            onClick={() => onAsk({ what: 'remove', version: number })}
          >
            Remove
          </button>
        </div>
      </td>
    </tr>
  );
}

const DECISIONS = { promoted: '✓ promoted', refused: '■ refused', not_asked: 'not asked' } as const;

function GateWords({ decision, reason }: { decision: keyof typeof DECISIONS; reason: string }) {
  return (
    <details>
      <summary>{DECISIONS[decision]}</summary>
      <small>
        <Name of={reason} most={400} />
      </small>
    </details>
  );
}

interface QuestionProps {
  readonly asked: Asked;
  readonly serving: string | null;
  readonly previous: string | null;
  readonly onAnswer: (yes: boolean) => void;
}

function Question({ asked, serving, previous, onAnswer }: QuestionProps) {
  const now = serving === null ? 'Nothing serves now.' : `Version ${serving} serves now.`;
  if (asked.what === 'roll back') {
    return (
      <Confirm title={`Roll back to version ${previous}?`} action="Roll back" onAnswer={onAnswer}>
        {now} No request fails; a second rollback undoes this one.
      </Confirm>
    );
  }
  if (asked.what === 'activate') {
    return (
      <Confirm title={`Activate version ${asked.version}?`} action="Activate" onAnswer={onAnswer}>
        {now} No request fails; the former version can be rolled back to.
      </Confirm>
    );
  }
  return (
    <Confirm title={`Remove version ${asked.version}?`} action="Remove for good" risky onAnswer={onAnswer}>
      Its files are removed from the store. This cannot be undone; its archive can be downloaded before.
    </Confirm>
  );
}
