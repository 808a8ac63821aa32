import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { type Model, reportTable, train } from '../client/api.js';
import { Failure, useFailure } from '../parts/failure.js';
import { bytes, counted, printable } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { ColumnsTable } from './columns-table.js';
import { FeatureChange } from './feature-change.js';
import { ReadingForm } from './reading-form.js';
import { afterCheck, columnsQuery, firstChoices, ordered, problemsOf, readingQuery } from './table-choices.js';
import { type TableFile, typeOf } from './table-file.js';
import { TrainingOptions } from './training-options.js';

export interface TrainingFormProps {
  readonly table: TableFile;
  readonly model: Model | null;
  /** Called with the id of the job once training has started. */
  readonly onStart: (id: string) => void;
}

/** Chooses the target, the features, their types and the options, and starts the training. */
export function TrainingForm({ table, model, onStart }: TrainingFormProps) {
  const { file } = table;
  const type = typeOf(file);
  const [choices, setChoices] = useState(() => firstChoices(table.report, model));
  /** The latest report, and the choices that it is about. */
  const [checked, setChecked] = useState({ report: table.report, choices });
  const [options, setOptions] = useState<Readonly<Record<string, string>>>({});
  const [replace, setReplace] = useState(false);
  const [checking, setChecking] = useState(false);
  const [sending, setSending] = useState(false);
  const [failure, attempt] = useFailure();

  const { report } = checked;
  const { target, excluded } = choices;
  const { columns } = report;
  const names = columns.map(({ name }) => name).filter((name) => name !== target && !excluded.has(name));
  const used = new Set(names);
  const missing = model?.features.filter((name) => !used.has(name)) ?? [];
  const changesFeatures = model !== null && (missing.length > 0 || names.length !== model.features.length);
  const problems = [
    ...problemsOf(report, checked.choices, choices),
    ...(used.size === 0 ? ['no feature is selected besides the target'] : []),
  ];
  const query = readingQuery(choices);

  const check = async () => {
    setChecking(true);
    await attempt(async () => {
      const next = ordered(await reportTable(file, type, query), table.report);
      const chosen = afterCheck(choices, report, next);
      setChoices(chosen);
      setChecked({ report: next, choices: chosen });
    });
    setChecking(false);
  };
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    await attempt(async () => {
      const { id } = await train(file, type, {
        ...query,
        ...columnsQuery(report, choices),
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
          {bytes(file.size)}, {counted(report.rows + report.dropped, 'row')}
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
            value={target}
            onChange={({ currentTarget }) => setChoices({ ...choices, target: currentTarget.value })}
          >
            {columns.map(({ name }) => (
              <option key={name} value={name}>
                {printable(name, 80)}
              </option>
            ))}
          </select>
        </div>
      </div>
      <ReadingForm
        report={report}
        choices={choices}
        isCsv={type === 'text/csv'}
        isOutdated={JSON.stringify(query) !== JSON.stringify(readingQuery(checked.choices))}
        checking={checking}
        onChange={setChoices}
        onCheck={() => void check()}
      />
      <ColumnsTable report={report} choices={choices} used={used} model={model} onChange={setChoices} />
      {changesFeatures ? <FeatureChange missing={missing} replace={replace} onReplace={setReplace} /> : null}
      <TrainingOptions options={options} onChange={(name, text) => setOptions({ ...options, [name]: text })} />
      <Failure message={failure} />
      <button type="submit" class="first" disabled={sending || problems.length > 0}>
        {sending ? 'Uploading…' : 'Train'}
      </button>
    </form>
  );
}
