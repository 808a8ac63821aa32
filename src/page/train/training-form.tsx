import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { type Model, train } from '../client/api.js';
import { Failure, useFailure } from '../parts/failure.js';
import { bytes, counted, printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { ColumnsTable, isUseless } from './columns-table.js';
import { type CsvFile, withColumns } from './csv-file.js';
import { FeatureChange } from './feature-change.js';
import { TrainingOptions } from './training-options.js';

export interface TrainingFormProps {
  readonly csv: CsvFile;
  readonly model: Model | null;
  /** Called with the id of the job once training has started. */
  readonly onStart: (id: string) => void;
}

/** Chooses the target, the features and the options, and starts the training. */
export function TrainingForm({ csv, model, onStart }: TrainingFormProps) {
  const [target, setTarget] = useState(() => likelyTarget(csv, model));
  const [excluded, setExcluded] = useState(
    () => new Set(Array.from(csv.columns.keys()).filter((i) => isUseless(csv.columns[i]!, csv.rows))),
  );
  const [options, setOptions] = useState<Readonly<Record<string, string>>>({});
  const [replace, setReplace] = useState(false);
  const [sending, setSending] = useState(false);
  const [failure, attempt] = useFailure();

  const used = new Set(Array.from(csv.columns.keys()).filter((i) => i !== target && !excluded.has(i)));
  const names = Array.from(used, (i) => csv.columns[i]!.name);
  const missing = model?.features.filter((name) => !names.includes(name)) ?? [];
  const changesFeatures = model !== null && (missing.length > 0 || names.length !== model.features.length);
  const problems = [
    ...csv.problems,
    ...(used.size === 0 ? ['no feature is selected besides the target'] : []),
    ...(csv.columns[target]?.name.includes(',') ? ['the name of the target contains a comma'] : []),
  ];

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    await attempt(async () => {
      const body = await withColumns(csv, new Set([...used, target]));
      const { id } = await train(body, {
        target: csv.columns[target]!.name,
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
        <Name of={csv.file.name} />{' '}
        <small>
          {bytes(csv.file.size)}, {counted(csv.rows, 'row')}
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
          <select
            id="target"
            value={String(target)}
            onChange={({ currentTarget }) => setTarget(Number(currentTarget.value))}
          >
            {csv.columns.map((column, i) => (
              <option key={String(i)} value={String(i)}>
                {printable(column.name, 80)}
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
        onUse={(column, use) =>
          setExcluded(new Set(use ? [...excluded].filter((i) => i !== column) : [...excluded, column]))
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

/** The target of the serving model if the file has it, or else the last column that can be trained on. */
function likelyTarget({ columns, rows }: CsvFile, model: Model | null): number {
  const known = columns.findIndex(({ name }) => model?.targets.includes(name));
  if (known >= 0) return known;
  return Math.max(
    0,
    columns.findLastIndex((column) => !isUseless(column, rows)),
  );
}
