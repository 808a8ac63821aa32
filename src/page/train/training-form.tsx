import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { type Model, train } from '../client/api.js';
import { Failure, useFailure } from '../parts/failure.js';
import { bytes, counted, printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { ColumnsTable } from './columns-table.js';
import { FeatureChange } from './feature-change.js';
import { listOf, type TableFile, typeOf } from './table-file.js';
import { TrainingOptions } from './training-options.js';

export interface TrainingFormProps {
  readonly table: TableFile;
  readonly model: Model | null;
  /** Called with the id of the job once training has started. */
  readonly onStart: (id: string) => void;
}

/** Chooses the target, the features and the options, and starts the training. */
export function TrainingForm({ table, model, onStart }: TrainingFormProps) {
  const { file, report } = table;
  const { columns } = report;
  const [target, setTarget] = useState(() => likelyTarget(table, model));
  const [excluded, setExcluded] = useState(
    () => new Set(columns.filter(({ role }) => role === 'left_out').map(({ name }) => name)),
  );
  const [options, setOptions] = useState<Readonly<Record<string, string>>>({});
  const [replace, setReplace] = useState(false);
  const [sending, setSending] = useState(false);
  const [failure, attempt] = useFailure();

  const names = columns.map(({ name }) => name).filter((name) => name !== target && !excluded.has(name));
  const used = new Set(names);
  const missing = model?.features.filter((name) => !used.has(name)) ?? [];
  const changesFeatures = model !== null && (missing.length > 0 || names.length !== model.features.length);
  const problems = [...report.problems, ...(used.size === 0 ? ['no feature is selected besides the target'] : [])];

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    await attempt(async () => {
      const { id } = await train(file, typeOf(file), {
        target: listOf([target]),
        ...choiceOf(table, names, excluded),
        ...Object.fromEntries(Object.entries(options).filter(([, text]) => text.trim() !== '')),
        ...(changesFeatures && replace ? { replace: 'true' } : {}),
      });
      onStart(id);
    });
    setSending(false);
  };

  return (
    <form onSubmit={submit} noValidate>
      <h3>
        <Name of={file.name} />{' '}
        <small>
          {bytes(file.size)}, {counted(report.rows, 'row')}
        </small>
      </h3>
      {problems.length > 0 ? (
        <div class="problems">
          <Failure message={`The service would reject this file: ${problems.join('; ')}.`} />
        </div>
      ) : null}
      <div class="fields">
        <div class="field wide">
          <label for="target">Target column</label>
          <select id="target" value={target} onChange={({ currentTarget }) => setTarget(currentTarget.value)}>
            {columns.map(({ name }) => (
              <option key={name} value={name}>
                {printable(name, 80)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <ColumnsTable
        table={table}
        target={target}
        used={used}
        model={model}
        onUse={(column, use) =>
          setExcluded(new Set(use ? [...excluded].filter((name) => name !== column) : [...excluded, column]))
        }
      />
      {changesFeatures ? <FeatureChange missing={missing} replace={replace} onReplace={setReplace} /> : null}
      <TrainingOptions options={options} onChange={(name, text) => setOptions({ ...options, [name]: text })} />
      <Failure message={failure} />
      <button type="submit" class="first" disabled={sending || problems.length > 0}>
        {sending ? 'Uploading…' : 'Train'}
      </button>
    </form>
  );
}

/** Names the columns to leave out, or all features if one of them would be left out otherwise. */
function choiceOf(
  { report }: TableFile,
  names: readonly string[],
  excluded: ReadonlySet<string>,
): Record<string, string> {
  const roles = new Map(report.columns.map(({ name, role }) => [name, role]));
  if (names.some((name) => roles.get(name) === 'left_out')) return { features: listOf(names) };
  const dropped = [...excluded].filter((name) => roles.get(name) !== 'left_out');
  return dropped.length > 0 ? { drop: listOf(dropped) } : {};
}

/** The target of the serving model if the file has it, or else the last column of numbers. */
function likelyTarget({ report: { columns } }: TableFile, model: Model | null): string {
  const known = columns.find(({ name }) => model?.targets.includes(name));
  const last = columns.findLast(({ role, type }) => role === 'feature' && type === 'number');
  return (known ?? last ?? columns[0])?.name ?? '';
}
