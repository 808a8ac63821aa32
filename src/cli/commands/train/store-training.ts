import { DomainError } from '../../../base/domain-error.js';
import { columnsOf } from '../../../model/tables/columns.js';
import { UNLIMITED } from '../../../model/tables/table-limits.js';
import type { Config } from '../../../server/config.js';
import type { Job } from '../../../server/service/training/job.js';
import { localService } from '../../source/local-service.js';
import { onInterruption } from '../../terminal/interruption.js';
import { openProgress } from '../../terminal/progress.js';
import { figure } from '../../terminal/text-table.js';
import { readTrainingTable } from './table-input.js';
import { choicesOf, completedOptions, type TrainedVersion, type TrainOptions, targetsOf } from './train-options.js';

/** Trains a version in a store, as the service does: in the same process, by the same gate. */
export async function trainInStore(file: string, options: TrainOptions, config: Config): Promise<TrainedVersion> {
  const { promote, replace = false } = options;
  const training = completedOptions(options);
  const [targets, choices] = [targetsOf(options), choicesOf(options)];
  const { jobs, loader, service, store, prune } = await localService(config);
  await store.sweep();
  await loader.follow();
  const card = service.servingIfReady?.card;
  const model = card ? { ...columnsOf(card), columns: card.columns } : null;
  const progress = openProgress('training');
  const stopping = new AbortController();
  jobs.on('progress', (job) => progress.update(...progressOf(job)));
  progress.update(0, 'reading the table');
  const prepare = (directory: string) =>
    readTrainingTable(file, { directory, targets, model, replace, choices, limits: UNLIMITED }, stopping.signal);
  const work = async () => {
    const { id } = await jobs.start(prepare, training, { promote, replace, shadowRows: 0 });
    return jobs.finished(id);
  };
  const working = work();
  const forget = onInterruption(async () => {
    stopping.abort();
    await jobs.close();
    await working.catch(() => {});
  });
  try {
    const job = await working;
    const { error, model_version, gate, metrics, baselines, rows, dropped, seconds, history } = job;
    if (error) throw new DomainError(error.code, error.message);
    await prune();
    const serves = String((await store.aliases()).production) === model_version;
    return {
      where: store.location,
      model_version,
      rows,
      dropped,
      epochs: history.at(-1)!.epoch,
      seconds,
      metrics,
      baselines,
      gate,
      serves,
    };
  } finally {
    progress.end();
    forget();
  }
}

/** Returns how far a training is, from 0 to 1 or undefined, and a text that says it. */
export function progressOf(job: Job): [number | undefined, string] {
  const { search, epoch, options } = job;
  if (epoch > 0) return [epoch / options.epochs, epochText(job)];
  if (search?.state !== 'running') return [undefined, 'preparing'];
  const errors = search.trials.flatMap(({ error }) => error ?? []);
  const best = errors.length > 0 ? `, smallest error ${figure(Math.min(...errors))}` : '';
  return [undefined, `trial ${search.tried}${best}`];
}

function epochText({ epoch, history, options }: Pick<Job, 'epoch' | 'history' | 'options'>): string {
  const { loss, val_loss } = history.at(-1)!;
  return `epoch ${epoch}/${options.epochs}, loss ${figure(loss)}, held out ${figure(val_loss)}`;
}
