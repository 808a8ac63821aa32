import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { builtFile } from '../../base/node/built-file.js';
import { wholeNumber } from '../source/model-options.js';
import { withExamples } from '../terminal/examples.js';
import { UsageError } from '../terminal/exit-codes.js';

/** Settings of the service that have an option. */
const SETTINGS = {
  host: 'HOST',
  port: 'PORT',
  store: 'MODEL_STORE',
  name: 'MODEL_NAME',
  data: 'TRAIN_DATA',
  target: 'TRAIN_TARGET',
} as const;
type ServeOptions = { readonly [K in keyof typeof SETTINGS]?: string };

/** `onStart` is called before the service takes over signals and output. */
export function serveCommand(onStart: () => void): Command {
  const command = new Command('serve')
    .description('run the service: predictions over HTTP, the web page, drift monitoring, metrics')
    .option('--host <address>', 'address to listen on (default: HOST, or this machine only)')
    .option(
      '--port <number>',
      'port to listen on; 0 selects a free one (default: PORT, or 8080)',
      wholeNumber(0, 65_535),
    )
    .option('--store <dir>', 'directory of the model versions (default: MODEL_STORE, or "models")')
    .option('--name <name>', 'name of the model in the store (default: MODEL_NAME, or "reconstruction_regressor")')
    .option('--data <file>', 'CSV to train the first model on if the store is empty (default: TRAIN_DATA)')
    .option('--target <column>', 'target column of --data, or several, separated by commas (default: TRAIN_TARGET)')
    .action(async (options: ServeOptions) => {
      if (options.data !== undefined && !existsSync(options.data)) {
        throw new UsageError(`--data: there is no file ${options.data}`);
      }
      for (const [option, setting] of Object.entries(SETTINGS)) {
        const value = options[option as keyof ServeOptions];
        if (value !== undefined) process.env[setting] = String(value);
      }
      onStart();
      // The service has arguments of its own, those of the platforms that start its image.
      process.argv.splice(2);
      await import(builtFile('main.js').href);
    });
  return withExamples(command, [
    ['serve', 'serve the store in ./models at http://127.0.0.1:8080'],
    ['serve --data houses.csv --target price --port 9000', 'train a first model on your table, then serve it'],
  ]);
}
