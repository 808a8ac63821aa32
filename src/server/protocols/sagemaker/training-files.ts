import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError, show } from '../../../base/domain-error.js';
import { filesIn } from '../../../base/files/directory.js';
import { isObject, readJson } from '../../../base/json/parse-json.js';
import type { TableChoices } from '../../../model/tables/table-choices.js';
import {
  SearchFields,
  TrainingFields,
  type TrainingOptions,
  trainingOptions,
} from '../../../model/training/training-options.js';
import { ChoicesQuery, namesIn, tableChoices } from '../../readers/table-choices.js';

/** Names of the channel to train on. With other names, it must be the only channel. */
const CHANNELS = ['train', 'training'];

/** The settings of a training job in `hyperparameters.json`, where every value is text. */
export interface Hyperparameters {
  readonly targets: readonly string[];
  readonly options: TrainingOptions;
  readonly choices: TableChoices;
}

/** The settings that are text. */
const TEXTS: ReadonlySet<string> = new Set([...Object.keys(ChoicesQuery), 'target_transform']);

/** Reads the hyper-parameters, without SageMaker's own (`sagemaker_…`). Throws `INVALID_REQUEST` naming the invalid one. */
export async function readHyperparameters(base: string): Promise<Hyperparameters> {
  const values = await readObject(join(base, 'input/config/hyperparameters.json'));
  const { target, ...rest } = values;
  if (typeof target !== 'string' || target === '') {
    throw invalid('hyperparameters.target: expected the name of the target column; commas separate several');
  }
  const own = Object.entries(rest).filter(([name]) => !name.startsWith('sagemaker_'));
  // What is not text is a number.
  const known = Type.Object({ ...TrainingFields, ...SearchFields, ...ChoicesQuery }, { additionalProperties: false });
  const requested = Object.fromEntries(own.map(([name, text]) => [name, TEXTS.has(name) ? text : Number(text)]));
  const [error] = Value.Errors(known, requested);
  if (error) {
    const unknown = own.find(([name]) => !(name in known.properties));
    const name = unknown?.[0] ?? error.instancePath.slice(1);
    const expected = unknown ? `expected target, ${Object.keys(known.properties).join(', ')}` : error.message;
    throw invalid(`hyperparameters.${name}: ${expected}, got ${show(values[name])}`);
  }
  const hyperparameters = requested as Static<typeof known>;
  return {
    targets: namesIn(target, 'hyperparameters.target'),
    options: trainingOptions(hyperparameters),
    choices: tableChoices(hyperparameters),
  };
}

/**
 * Refuses a job with several instances: each would train separately on its part of the data, and all would write the same
 * model. Without a list of instances there is one. Throws `INVALID_REQUEST`.
 */
export async function checkHosts(base: string): Promise<void> {
  const path = join(base, 'input/config/resourceconfig.json');
  if (!existsSync(path)) return;
  const { hosts } = await readObject(path);
  if (Array.isArray(hosts) && hosts.length > 1) {
    throw invalid(`resourceconfig.hosts: expected one instance, got ${hosts.length}; the training is not distributed`);
  }
}

/** Opens the training channel: its CSV files, concatenated. Throws `INVALID_REQUEST` and `INVALID_CSV`. */
export async function openChannel(
  base: string,
): Promise<{ channel: string; files: readonly string[]; source: Readable }> {
  const channels = await readObject(join(base, 'input/config/inputdataconfig.json'));
  const names = Object.keys(channels);
  const channel = CHANNELS.find((name) => names.includes(name)) ?? (names.length === 1 ? names[0] : undefined);
  if (channel === undefined) {
    throw invalid(`inputdataconfig: expected a channel ${CHANNELS.join(' or ')}, got ${names.join(', ') || 'none'}`);
  }
  const { TrainingInputMode: mode = 'File' } = isObject(channels[channel]) ? channels[channel] : {};
  if (mode === 'Pipe') throw invalid(`inputdataconfig.${channel}: expected the input mode File or FastFile, got Pipe`);
  const directory = join(base, 'input/data', channel);
  const files = await filesIn(directory);
  if (files.length === 0) throw invalid(`channel ${channel}: expected CSV files in ${directory}, got none`);
  const paths = files.sort().map((name) => join(directory, name));
  return { channel, files, source: Readable.from(linesOf(paths)) };
}

/** Returns the lines of all files. They must have the same header, which is returned once. */
async function* linesOf(paths: readonly string[]): AsyncGenerator<string> {
  let header: string | undefined;
  for (const path of paths) {
    let first = true;
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      const text = first ? line.replace(/^\uFEFF/, '') : line;
      if (first && header !== undefined && text !== header) {
        throw new DomainError(
          'INVALID_CSV',
          `${path}: expected the header of the first file, ${show(header)}, got ${show(text)}`,
        );
      }
      if (!first || header === undefined) yield `${text}\n`;
      header ??= text;
      first = false;
    }
  }
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  let text: Buffer;
  try {
    text = await readFile(path);
  } catch (cause) {
    throw new DomainError('INVALID_REQUEST', `${path} cannot be read`, { cause });
  }
  const value = readJson(text);
  if (!isObject(value)) throw invalid(`${path}: expected an object, got ${show(value)}`);
  return value;
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_REQUEST', message);
}
