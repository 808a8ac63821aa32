import { useState } from 'preact/hooks';
import { type Model, reportTable } from '../client/api.js';
import type { Live } from '../client/live.js';
import { Failure, useFailure } from '../parts/failure.js';
import { Name } from '../parts/name.js';
import { JobPanel } from './job-panel.js';
import { type TableFile, typeOf } from './table-file.js';
import { TrainingForm } from './training-form.js';

/** Session storage key of this tab's training job, so that a reloaded page follows it again. */
const STORED_JOB = 'training';

/** The train view: choose a file, check its columns, train, and follow the training. */
export function Train({ live, model }: { live: Live; model: Model | null }) {
  const [table, setTable] = useState<TableFile | null>(null);
  const [reading, setReading] = useState<string | null>(null);
  const [failure, attempt] = useFailure();
  const [job, setJob] = useState(() => sessionStorage.getItem(STORED_JOB));

  const choose = async (file: File | undefined) => {
    if (!file) return;
    setTable(null);
    setReading(file.name);
    await attempt(async () => setTable({ file, report: await reportTable(file, typeOf(file)) }));
    setReading(null);
  };
  const follow = (id: string) => {
    sessionStorage.setItem(STORED_JOB, id);
    setJob(id);
  };

  return (
    <>
      <section class="panel" aria-labelledby="train-title">
        <h2 id="train-title">Train a new version</h2>
        <div class="drop">
          <label for="table">Drop a CSV file here, or choose one; Parquet and Arrow files are read as well</label>
          <input
            id="table"
            type="file"
            accept=".csv,.tsv,.txt,.gz,.parquet,.arrow,.arrows,.feather,text/csv"
            onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
          />
        </div>
        <div role="status">
          {reading !== null ? (
            <p>
              Reading <Name of={reading} />…
            </p>
          ) : null}
        </div>
        <Failure message={failure} />
        {table ? (
          <TrainingForm
            key={`${table.file.name} ${table.file.lastModified}`}
            table={table}
            model={model}
            onStart={follow}
          />
        ) : null}
      </section>
      {job ? <JobPanel key={job} id={job} onEnd={() => void live.refresh()} /> : null}
    </>
  );
}
