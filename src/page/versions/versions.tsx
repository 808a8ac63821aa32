import { useEffect, useRef, useState } from 'preact/hooks';
import { useMay } from '../access/scopes.js';
import { type Comparison, compareVersions, getVersions, uploadVersion, type VersionList } from '../client/api.js';
import type { Live } from '../client/live.js';
import { Importance } from '../importance/importance.js';
import { Failure, useFailure } from '../parts/failure.js';
import { ComparisonTable } from './comparison-table.js';
import { ACTIONS, type Action, Confirm } from './confirm.js';
import { Describe } from './describe.js';
import { Upload } from './upload.js';
import { VersionTable } from './version-table.js';

/** The versions view: lists, compares, activates, rolls back, adds and removes versions. */
export function Versions({ live, serving, isShown }: { live: Live; serving: string | null; isShown: boolean }) {
  const may = useMay();
  const mayActivate = may('activate');
  const [list, setList] = useState<VersionList | null>(null);
  const [failure, attempt] = useFailure();
  const [notice, setNotice] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [action, setAction] = useState<Action | null>(null);
  const [described, setDescribed] = useState<string | null>(null);

  const previous = list?.aliases.previous ?? null;
  const load = () => attempt(async () => setList(await getVersions()));
  useEffect(() => {
    if (isShown) void load();
  }, [isShown, serving]);

  const noticeLine = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    // The button that had the focus may have been removed or disabled.
    const { activeElement } = document;
    if (notice && (activeElement === document.body || activeElement?.matches(':disabled'))) noticeLine.current?.focus();
  }, [notice, list]);

  /** Makes a change, then shows the notice that it returns, or why it failed. */
  const run = (work: () => Promise<string>) =>
    attempt(async () => {
      setNotice('');
      setNotice(await work());
      await Promise.all([load(), live.refresh()]);
    });
  const answer = (yes: boolean) => {
    setAction(null);
    if (!yes || !action) return;
    const { request, outcome } = ACTIONS[action.kind];
    const version = action.version ?? previous!;
    void run(async () => {
      await request(version);
      return `Version ${version} ${outcome}.`;
    });
  };
  const endDescription = (isStored: boolean) => {
    setDescribed(null);
    if (isStored) void run(async () => `The description of version ${described} has been saved.`);
  };
  const upload = (archive: File) =>
    run(async () => {
      const { model_version } = await uploadVersion(archive);
      return `Version ${model_version} has been added; it is not serving.`;
    });
  const choose = (version: string, isChosen: boolean) => {
    setComparison(null);
    setChosen(isChosen ? [...chosen, version].slice(-2) : chosen.filter((other) => other !== version));
  };
  const compare = () => {
    const [newer, older] = chosen.toSorted((a, b) => Number(b) - Number(a));
    return attempt(async () => setComparison(await compareVersions(older!, newer!)));
  };

  return (
    <>
      <section class="panel" aria-labelledby="versions-title">
        <header>
          <h2 id="versions-title">Versions</h2>
          <div class="actions">
            <button type="button" disabled={chosen.length !== 2} onClick={compare}>
              {chosen.length === 2 ? 'Compare selected' : 'Select two to compare'}
            </button>
            {mayActivate ? (
              <button type="button" disabled={previous === null} onClick={() => setAction({ kind: 'roll back' })}>
                {previous === null ? 'Roll back' : `Roll back to version ${previous}`}
              </button>
            ) : null}
          </div>
        </header>
        <Failure message={failure} />
        <p role="status" ref={noticeLine} tabIndex={-1}>
          {notice}
        </p>
        {mayActivate ? <Upload onUpload={upload} /> : null}
        {list && list.models.length === 0 ? (
          <p class="note">No versions yet.{may('train') ? ' Train one.' : ''}</p>
        ) : null}
        {list && list.models.length > 0 ? (
          <VersionTable
            list={list}
            chosen={chosen}
            onChoose={choose}
            onAction={mayActivate ? setAction : null}
            onDescribe={setDescribed}
          />
        ) : null}
      </section>
      {comparison ? <ComparisonTable comparison={comparison} /> : null}
      {list && list.models.length > 0 ? <Importance list={list} attempt={attempt} /> : null}
      {described === null ? null : <Describe version={described} onEnd={endDescription} />}
      {action ? (
        <Confirm kind={action.kind} version={action.version ?? previous!} serving={serving} onAnswer={answer} />
      ) : null}
    </>
  );
}
