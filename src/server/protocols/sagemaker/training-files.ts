import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { DomainError, show } from '../../../base/domain-error.js';
import { filesIn } from '../../../base/files/directory.js';
import { isObject, readJson } from '../../../base/json/parse-json.js';
import { DEFAULT_TRAINING, TrainingFields, type TrainingOptions } from '../../../model/training/training-options.js';

/** Names of the channel that is trained on. Of others, the only one there is. */
const CHANNELS = ['train', 'training'];

/** What a training job is told in `hyperparameters.json`, where every value is text. */
export interface Hyperparameters {
  readonly targets: readonly string[];
  readonly options: TrainingOptions;
}

/** Reads the hyper-parameters. Those of SageMaker's own (`sagemaker_…`) are not ours. Throws `INVALID_REQUEST` naming one. */
export async function readHyperparameters(base: string): Promise<Hyperparameters> {
  const given = await readObject(join(base, 'input/config/hyperparameters.json'));
  const { target, ...rest } = given;
  if (typeof target !== 'string' || target === '') {
    throw invalid('hyperparameters.target: expected the name of the target column; commas separate several');
  }
  const own = Object.entries(rest).filter(([name]) => !name.startsWith('sagemaker_'));
  const values = Object.fromEntries(own.map(([name, text]) => [name, Number(text)]));
  const schema = Type.Object(TrainingFields, { additionalProperties: false });
  const [error] = Value.Errors(schema, values);
  if (error) {
    const unknown = own.find(([name]) => !(name in TrainingFields));
    const name = unknown?.[0] ?? error.instancePath.slice(1);
    const expected = unknown ? `expected target, ${Object.keys(TrainingFields).join(', ')}` : error.message;
    throw invalid(`hyperparameters.${name}: ${expected}, got ${show(given[name])}`);
  }
  return { targets: target.split(','), options: { ...DEFAULT_TRAINING, ...values } };
}

/**
 * Refuses a job of several instances: each would train by itself, on its part of the data, and all write one model. Throws
 * `INVALID_REQUEST`. Where nothing tells of instances, there is one.
 */
export async function checkHosts(base: string): Promise<void> {
  const path = join(base, 'input/config/resourceconfig.json');
  if (!existsSync(path)) return;
  const { hosts } = await readObject(path);
  if (Array.isArray(hosts) && hosts.length > 1) {
    throw invalid(`resourceconfig.hosts: expected one instance, got ${hosts.length}; the training is not distributed`);
  }
}

/** The rows of the training channel: its CSV files one after another, as one. Throws `INVALID_REQUEST`, `INVALID_CSV`. */
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

/** All lines of files that have the same first line, which comes once. */
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
  let text: string;
  try {
    text = await readFile(path, 'utf8');
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
