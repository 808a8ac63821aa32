import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../../base/domain-error.js';
import { ARROW_FILE_TYPE, ARROW_TYPE, CSV_TYPE, PARQUET_TYPE } from '../../../server/http/media-types.js';
import type { Job } from '../../../server/service/training/job.js';
import type { ServiceClient } from '../../source/service-client.js';
import { formatOf, headOf, inputFile, isArrowFile, isGzip } from '../../tables/input-file.js';
import { onInterruption } from '../../terminal/interruption.js';
import { openProgress } from '../../terminal/progress.js';
import { progressOf } from './store-training.js';
import { givenOptions, type TrainedVersion, type TrainOptions } from './train-options.js';

/** Milliseconds between two requests for the state of a training. */
const INTERVAL = 500;

/** Sends a table to a running service, and waits for the version that it trains. Ctrl-C cancels the training. */
export async function trainOnService(
  file: string,
  options: TrainOptions,
  client: ServiceClient,
): Promise<TrainedVersion> {
  const { target, promote, replace, features, drop, types, delimiter, decimal, dates } = options;
  const given = {
    target,
    promote,
    replace,
    features,
    drop,
    types,
    delimiter,
    decimal,
    dates,
    ...givenOptions(options),
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, String(value));
  using input = await inputFile(file);
  const { path } = input;
  const headers = headersOf(headOf(path));
  const progress = openProgress('training');
  progress.update(0, 'sending the table');
  let forget = () => {};
  try {
    const body = Readable.toWeb(createReadStream(path));
    const init = { method: 'POST', headers, body, duplex: 'half' } as unknown as RequestInit;
    let job = await client.json<Job>(`train?${query}`, init);
    forget = onInterruption(async () => {
      const cancel = () => client.json<Job>(`train/${job.id}`, { method: 'DELETE' });
      // The first time may end the search alone.
      if ((await cancel()).state === 'running') await cancel();
    });
    while (job.state === 'running') {
      await sleep(INTERVAL);
      job = await client.json<Job>(`train/${job.id}`);
      progress.update(...progressOf(job));
    }
    const { error, model_version, gate, metrics, baselines = null, rows, dropped, seconds, epoch: epochs } = job;
    if (error) throw new DomainError(error.code, error.message);
    const serves = gate?.decision !== 'refused' && promote !== 'never';
    const errors = { metrics, baselines };
    return { where: client.url.href, model_version, rows, dropped, epochs, seconds, ...errors, gate, serves };
  } finally {
    progress.end();
    forget();
  }
}

function headersOf(head: Uint8Array): Record<string, string> {
  if (isGzip(head)) return { 'content-type': CSV_TYPE, 'content-encoding': 'gzip' };
  switch (formatOf(head)) {
    case 'csv':
      return { 'content-type': CSV_TYPE };
    case 'parquet':
      return { 'content-type': PARQUET_TYPE };
    case 'arrow':
      return { 'content-type': isArrowFile(head) ? ARROW_FILE_TYPE : ARROW_TYPE };
  }
}
