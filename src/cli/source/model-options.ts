import { type Command, InvalidArgumentError, Option } from 'commander';

/** Options that say which model a command uses. */
export interface ModelOptions {
  readonly model?: string;
  readonly store?: string;
  readonly name?: string;
  readonly version?: number;
  readonly url?: string;
  readonly key?: string;
}

/** Adds the options of a command that reads one version. */
export function withModelOptions(command: Command): Command {
  return withStoreOptions(command)
    .addOption(
      new Option('--model <path>', "a version's directory, or its archive (.tar.gz)").conflicts([
        'store',
        'url',
        'version',
      ]),
    )
    .addOption(
      new Option(
        '--version <number>',
        'a version of the store or service; by default, the one in production',
      ).argParser(versionNumber),
    );
}

/** Adds the options of a command on a store, or on a running service. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--store <dir>', 'directory of the model versions (default: MODEL_STORE, or "models")')
    .option('--name <name>', 'name of the model in the store (default: MODEL_NAME, or "reconstruction_regressor")')
    .addOption(new Option('--url <url>', 'use a running service instead of a store').conflicts(['store', 'name']))
    .addOption(new Option('--key <key>', 'API key for --url; in API_KEY, no other user sees it').env('API_KEY'));
}

/** Reads a version's number. Throws an `InvalidArgumentError`. */
export function versionNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected the number of a version, such as 3.');
}

/** Returns a parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^-?\d{1,16}$/.test(text) && value >= min && value <= max) return value;
    const expected = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected a whole number ${expected}.`);
  };
}

/** Parses a number. */
export function realNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}
