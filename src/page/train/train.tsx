import type { TargetedSubmitEvent } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import { type Model, train } from '../client/api.js';
import type { Live } from '../client/live.js';
import { Failure, told } from '../parts/failure.js';
import { bytes, counted, shown } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { ColumnsTable, isUseless } from './columns-table.js';
import { type CsvFile, readCsv, withColumns } from './csv-file.js';
import { JobPanel } from './job-panel.js';

/** Remembers the training of this tab, so that it can be followed again after the page was loaded anew. */
const REMEMBERED = 'training';

/** From a CSV file to a new version: choose, look, train, watch. */
export function Train({ live, model }: { live: Live; model: Model | null }) {
  const [csv, setCsv] = useState<CsvFile | null>(null);
  const [reading, setReading] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [job, setJob] = useState(() => sessionStorage.getItem(REMEMBERED));

  const choose = async (file: File | undefined) => {
    if (!file) return;
    setFailure(null);
    setCsv(null);
    setReading(file.name);
    try {
      setCsv(await readCsv(file));
    } catch (error) {
      setFailure(told(error));
    }
    setReading(null);
  };
  const follow = (id: string) => {
    sessionStorage.setItem(REMEMBERED, id);
    setJob(id);
  };
  const onEnd = useCallback(() => void live.refresh(), [live]);

  return (
    <>
      <section class="panel" aria-labelledby="train-title">
        <h2 id="train-title">Train a new version</h2>
        <div class="drop">
          <label for="csv">Drop a CSV file here, or choose one; its first row names the columns</label>
          <input
            id="csv"
            type="file"
            accept=".csv,text/csv"
            onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
          />
        </div>
        <div role="status">
          {reading !== null ? (
            <p>
              Reading <Name of={reading} /> …
            </p>
          ) : null}
        </div>
        <Failure message={failure} />
        {csv ? (
          <Settings key={`${csv.file.name} ${csv.file.lastModified}`} csv={csv} model={model} onStart={follow} />
        ) : null}
      </section>
      {job ? <JobPanel key={job} id={job} onEnd={onEnd} /> : null}
    </>
  );
}

/** Settings of a training, with what the service takes if nothing is given. */
const NUMBERS = [
  ['epochs', 'Epochs, at most', '100'],
  ['patience', 'Epochs without progress', '10'],
  ['batch_size', 'Batch size', '32'],
  ['learning_rate', 'Learning rate', '0.001'],
  ['validation_split', 'Share held out', '0.2'],
  ['seed', 'Seed', '42'],
  ['shadow_rows', 'Rows answered in the shadow first', '0'],
] as const;

function Settings({ csv, model, onStart }: { csv: CsvFile; model: Model | null; onStart: (id: string) => void }) {
  const [target, setTarget] = useState(() => likelyTarget(csv, model));
  const [left, setLeft] = useState(() => new Set(uselessColumns(csv)));
  const [given, setGiven] = useState<Readonly<Record<string, string>>>({});
  const [promote, setPromote] = useState('gate');
  const [replace, setReplace] = useState(false);
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  const used = new Set(Array.from(csv.columns.keys()).filter((i) => i !== target && !left.has(i)));
  const names = Array.from(used, (i) => csv.columns[i]!.name);
  const lacking = model?.features.filter((name) => !names.includes(name)) ?? [];
  const others = model !== null && (lacking.length > 0 || names.length !== model.features.length);
  const problems = [
    ...csv.problems,
    ...(used.size === 0 ? ['there is no feature beside the target'] : []),
    ...(csv.columns[target]?.name.includes(',')
      ? ['a target whose name has a comma cannot be named to the service']
      : []),
  ];

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    setFailure(null);
    try {
      const body = await withColumns(csv, new Set([...used, target]));
      const query = {
        target: csv.columns[target]!.name,
        ...Object.fromEntries(Object.entries(given).filter(([, text]) => text.trim() !== '')),
        ...(promote === 'gate' ? {} : { promote }),
        ...(others && replace ? { replace: 'true' } : {}),
      };
      const { id } = await train(body, query);
      onStart(id);
    } catch (error) {
      setFailure(told(error));
    }
    setSending(false);
  };

  return (
    <form onSubmit={submit} noValidate>
      <h3>
        <Name of={csv.file.name} />{' '}
        <small>
          {bytes(csv.file.size)}, {counted(csv.rows, 'row')}
        </small>
      </h3>
      {problems.length > 0 ? (
        <div class="problems">
          <Failure message={`The service would refuse it: ${problems.join('; ')}.`} />
        </div>
      ) : null}
      <div class="fields">
        <div class="field wide">
          <label for="target">Target: what is to be predicted</label>
          <select
            id="target"
            value={String(target)}
            onChange={({ currentTarget }) => setTarget(Number(currentTarget.value))}
          >
            {csv.columns.map((column, i) => (
              <option key={String(i)} value={String(i)}>
                {shown(column.name, 80)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <ColumnsTable
        csv={csv}
        target={target}
        used={used}
        model={model}
        onUse={(column, use) => setLeft(new Set(use ? [...left].filter((i) => i !== column) : [...left, column]))}
      />
      {others ? (
        <div class="problems">
          <p>
            These are not the features of the serving model
            {lacking.length > 0 ? (
              <>
                , which also has{' '}
                {lacking.slice(0, 5).map((name, i) => (
                  <span key={name}>
                    {i > 0 ? ', ' : ''}
                    <Name of={name} most={40} />
                  </span>
                ))}
                {lacking.length > 5 ? ' …' : ''}
              </>
            ) : null}
            .
          </p>
          <label class="check">
            <input
              type="checkbox"
              checked={replace}
              onChange={({ currentTarget }) => setReplace(currentTarget.checked)}
            />
            Replace the serving model by one with these features
          </label>
        </div>
      ) : null}
      <details class="options">
        <summary>Settings</summary>
        <div class="fields">
          {NUMBERS.map(([name, label, fallback]) => (
            <div key={name} class="field">
              <label for={name}>{label}</label>
              <input
                id={name}
                inputMode="decimal"
                autoComplete="off"
                placeholder={fallback}
                value={given[name] ?? ''}
                onInput={({ currentTarget }) => setGiven({ ...given, [name]: currentTarget.value })}
              />
            </div>
          ))}
          <div class="field wide">
            <label for="promote">When it is trained</label>
            <select id="promote" value={promote} onChange={({ currentTarget }) => setPromote(currentTarget.value)}>
              <option value="gate">it serves if it is not worse</option>
              <option value="always">it serves in any case</option>
              <option value="never">it is kept, and does not serve</option>
            </select>
          </div>
        </div>
      </details>
      <Failure message={failure} />
      <button type="submit" class="first" disabled={sending || problems.length > 0}>
        {sending ? 'Sending …' : 'Train'}
      </button>
    </form>
  );
}

function likelyTarget({ columns, rows }: CsvFile, model: Model | null): number {
  const known = columns.findIndex(({ name }) => model?.targets.includes(name));
  if (known >= 0) return known;
  return Math.max(
    0,
    columns.findLastIndex((column) => !isUseless(column, rows)),
  );
}

function uselessColumns({ columns, rows }: CsvFile): number[] {
  return columns.flatMap((column, i) => (isUseless(column, rows) ? [i] : []));
}
