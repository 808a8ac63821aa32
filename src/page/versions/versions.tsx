import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import {
  activateVersion,
  type Comparison,
  compareVersions,
  getVersions,
  removeVersion,
  rollBack,
  type VersionList,
} from '../client/api.js';
import type { Live } from '../client/live.js';
import { describeError, Failure } from '../parts/failure.js';
import type { Action } from './action.js';
import { ComparisonTable } from './comparison-table.js';
import { ConfirmAction } from './confirm-action.js';
import { Upload } from './upload.js';
import { VersionTable } from './version-table.js';

/** The versions view: lists, compares, activates, rolls back, adds and removes versions. */
export function Versions({ live, serving, isShown }: { live: Live; serving: string | null; isShown: boolean }) {
  const [list, setList] = useState<VersionList | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [notice, setNotice] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [action, setAction] = useState<Action | null>(null);

  const load = useCallback(async () => {
    try {
      setList(await getVersions());
      setFailure(null);
    } catch (error) {
      setFailure(describeError(error));
    }
  }, []);
  useEffect(() => {
    if (isShown) void load();
  }, [isShown, serving]);

  const noticeLine = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // The button that had the focus may have been removed or disabled.
    const { activeElement } = document;
    if (notice && (activeElement === document.body || activeElement?.matches(':disabled'))) noticeLine.current?.focus();
  }, [notice, list]);

  /** Makes a change, then shows the notice for it, or why it failed. */
  const run = async <T,>(work: () => Promise<T>, describe: (result: T) => string) => {
    setNotice('');
    try {
      setNotice(describe(await work()));
      setFailure(null);
      await Promise.all([load(), live.refresh()]);
    } catch (error) {
      setFailure(describeError(error));
    }
  };
  const answer = (yes: boolean) => {
    setAction(null);
    if (!yes || !action) return;
    if (action.kind === 'roll back') {
      void run(rollBack, () => `Version ${list?.aliases.previous} is serving again.`);
      return;
    }
    const { kind, version } = action;
    if (kind === 'activate') {
      void run(
        () => activateVersion(version),
        () => `Version ${version} is now serving.`,
      );
    } else {
      void run(
        () => removeVersion(version),
        () => `Version ${version} has been removed.`,
      );
    }
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
      setFailure(describeError(error));
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
              {chosen.length === 2 ? 'Compare selected' : 'Select two to compare'}
            </button>
            <button type="button" disabled={previous === null} onClick={() => setAction({ kind: 'roll back' })}>
              {previous === null ? 'Roll back' : `Roll back to version ${previous}`}
            </button>
          </div>
        </header>
        <Failure message={failure} />
        <p role="status" ref={noticeLine} tabIndex={-1}>
          {notice}
        </p>
        <Upload
          onUpload={(upload) =>
            run(
              () => upload,
              ({ model_version }) => `Version ${model_version} has been added; it is not serving.`,
            )
          }
        />
        {list && list.models.length === 0 ? <p class="note">No versions yet. Train one.</p> : null}
        {list && list.models.length > 0 ? (
          <VersionTable list={list} chosen={chosen} onChoose={choose} onAction={setAction} />
        ) : null}
      </section>
      {comparison ? <ComparisonTable comparison={comparison} /> : null}
      {action ? <ConfirmAction action={action} serving={serving} previous={previous} onAnswer={answer} /> : null}
    </>
  );
}
