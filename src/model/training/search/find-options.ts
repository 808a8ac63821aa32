import { createRandom } from '../../../base/statistics/random.js';
import type { EngineName } from '../../engines/load-engine.js';
import type { EngineFactory } from '../../network/engine.js';
import { gather, type LabelledRows } from '../../tables/labelled-rows.js';
import type { TableInfo } from '../../tables/table-file.js';
import type { Search, TrialReport } from '../../versions/search.js';
import { tailedTargets } from '../scaling/target-scale.js';
import { splitRows } from '../split.js';
import type { Configuration, TrainingOptions } from '../training-options.js';
import { HalvingSearch } from './search.js';
import { searchTerms } from './search-terms.js';
import { shareTable } from './shared-table.js';
import { TrainingPool } from './training-pool.js';

/** Training rows below which no difference between configurations could be shown. */
const MIN_ROWS = 40;

/** What follows a search. */
export interface SearchListener {
  /** Called when it begins. */
  onStart(search: Search): void;
  /** Called when a trial has changed. */
  onTrial(trial: TrialReport, secondsLeft: number | undefined): void;
  /** Ends the search, which returns the best so far. */
  readonly stop: AbortSignal;
}

/** What to search for: options for a training on `data`, which does not change. */
export interface SearchRequest {
  readonly engine: EngineName;
  readonly createEngine: EngineFactory;
  readonly info: TableInfo;
  readonly data: LabelledRows;
  readonly options: TrainingOptions;
}

/**
 * Searches for the options of a training if these ask for that, or if the table is small. Trials have the training rows alone: the rows
 * that the training will hold out, by which the gate judges, are not even in the table that they share. Returns the options as they
 * are if there is no search.
 */
export async function findOptions(
  { engine, createEngine, info, data, options }: SearchRequest,
  listener: SearchListener,
): Promise<{ search: Search | undefined; configuration: Configuration }> {
  const terms = searchTerms(options, data.rows);
  if (!terms) return { search: undefined, configuration: options };
  const table = trainingTable(info, data, options);
  if (table.rows < MIN_ROWS) {
    const reason = `${table.rows} training rows are too few to compare trials by: it takes ${MIN_ROWS}`;
    return { search: terms.isAsked ? skipped(reason, table.rows) : undefined, configuration: options };
  }
  const everyRow = Int32Array.from({ length: table.rows }, (_, row) => row);
  const offersLog =
    table.targets.every((target) => target > -1) &&
    tailedTargets(table.targets, info.targets.length, everyRow).length > 0;
  const pool = new TrainingPool(engine, createEngine, table);
  try {
    const { onTrial, stop } = listener;
    const search = new HalvingSearch({ pool, table, options, terms, offersLog, onTrial, stop });
    listener.onStart({ ...search.report, state: 'running', reason: 'it runs', chosen: null, trials: [] });
    const { search: done, chosen } = await search.run();
    return { search: done, configuration: { ...options, ...chosen, members: options.members ?? chosen.members } };
  } finally {
    await pool.close();
  }
}

/** Shares the rows that the training will train on, in their random order. */
export function trainingTable({ features, targets, columns }: TableInfo, data: LabelledRows, options: TrainingOptions) {
  const { training } = splitRows(data, options.validation_split, createRandom(options.seed), columns);
  return shareTable(gather(data, training), features.length, targets, columns);
}

function skipped(reason: string, rows: number): Search {
  return {
    ...{ state: 'skipped', reason, folds: 0, rungs: 0, rows, threads: 0, seconds: 0, tried: 0 },
    ...{ chosen: null, trials: [] },
  };
}
