import { useEffect, useState } from 'preact/hooks';
import { type Card, getVersion, type VersionList } from '../client/api.js';
import { counted, figure, printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { type Bar, ImportanceBars } from './importance-bars.js';
import { PartialDependence } from './partial-dependence.js';

/** Of all targets together. */
const ALL = -1;

export interface ImportanceProps {
  readonly list: VersionList;
  /** Does work, and shows why it failed. */
  readonly attempt: (work: () => Promise<unknown>) => Promise<void>;
}

/** What matters overall to a version: the importance of its columns, and how its predictions depend on the first two. */
export function Importance({ list, attempt }: ImportanceProps) {
  const numbers = list.models.map(({ model_version }) => model_version);
  const [choice, choose] = useState<string>();
  const [target, setTarget] = useState(ALL);
  const [card, setCard] = useState<Card | null>(null);
  const preferred = list.serving !== null && numbers.includes(list.serving) ? list.serving : numbers[0]!;
  const version = choice !== undefined && numbers.includes(choice) ? choice : preferred;
  useEffect(() => {
    let isCurrent = true;
    void attempt(async () => {
      const read = await getVersion(version);
      if (!isCurrent) return;
      setTarget(ALL);
      setCard(read);
    });
    return () => {
      isCurrent = false;
    };
  }, [version]);

  const shown = card?.model_version === version ? card : null;
  const { importance, partial_dependence: dependences = [] } = shown ?? {};
  const targets = shown?.targets.slice(0, importance?.columns[0]?.targets?.length ?? 0) ?? [];
  return (
    <section class="panel importance" aria-labelledby="importance-title">
      <header>
        <h2 id="importance-title">What matters overall</h2>
        <div class="actions">
          {targets.length > 0 ? (
            <span class="choose">
              <label for="importance-target">Target</label>{' '}
              <select
                id="importance-target"
                value={target}
                onChange={({ currentTarget }) => setTarget(Number(currentTarget.value))}
              >
                <option value={ALL}>all together</option>
                {targets.map((name, k) => (
                  <option key={name} value={k}>
                    {printable(name, 40)}
                  </option>
                ))}
              </select>
            </span>
          ) : null}
          <span class="choose">
            <label for="importance-version">Version</label>{' '}
            <select
              id="importance-version"
              value={version}
              onChange={({ currentTarget }) => choose(currentTarget.value)}
            >
              {numbers.map((number) => (
                <option key={number} value={number}>
                  {number}
                  {number === list.serving ? ' (serving)' : ''}
                </option>
              ))}
            </select>
          </span>
        </div>
      </header>
      {importance ? (
        <>
          <p class="note">
            How much the RMSE of {target === ALL ? describeError(shown!) : <Name of={targets[target]!} max={60} />}{' '}
            grows on {counted(importance.rows, 'held-out row')} when the values of one column are shuffled among them. A
            thin line spans two standard errors to each side; an increase below 0 is chance. Columns that say the same
            share their importance.
          </p>
          <ImportanceBars key={`${version} ${target}`} bars={barsOf(shown!, target)} unlisted={importance.unlisted} />
          {dependences.length > 0 ? (
            <div class="dependences">
              {dependences.map((dependence) => (
                <PartialDependence
                  key={`${version} ${dependence.column}`}
                  dependence={dependence}
                  all={dependences}
                  card={shown!}
                  target={Math.max(0, target)}
                />
              ))}
            </div>
          ) : null}
        </>
      ) : shown ? (
        <p class="note">
          Version {version} has no figures: it was trained by an earlier release, or with fewer than two held-out rows.
          Train again to see what matters.
        </p>
      ) : (
        <p class="note">Reading version {version}…</p>
      )}
    </section>
  );
}

/** The RMSE of the version, and its unit. */
function describeError({ targets, importance }: Card) {
  const rmse = figure(importance!.rmse);
  if (targets.length === 1) return [<Name key="name" of={targets[0]!} max={60} />, `, ${rmse},`];
  return `all targets, ${rmse} standard deviations,`;
}

/** Returns the bars of a target, the longest first. */
function barsOf({ importance }: Card, target: number): Bar[] {
  const bars = importance!.columns.map(({ name, targets, ...all }) => ({ name, ...(targets?.[target] ?? all) }));
  return bars.sort((a, b) => b.increase - a.increase);
}
