import { Command } from 'commander';
import type { Activated } from '../../server/service/versions/model-loader.js';
import { rollBackStore } from '../source/activation.js';
import { type ModelOptions, withStoreOptions } from '../source/model-options.js';
import { ServiceClient } from '../source/service-client.js';
import { settings } from '../source/settings.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { print } from '../terminal/print.js';
import { activationText } from './activate.js';

export function rollbackCommand(): Command {
  const command = withStoreOptions(
    new Command('rollback').description(
      'put the version that served before into production again; a second one undoes the first',
    ),
  ).action(async (options: ModelOptions & { json?: boolean }) => {
    const { url, key, json } = options;
    const activated = url
      ? await new ServiceClient(url, key).json<Activated>('models/rollback', { method: 'POST' })
      : await rollBackStore(settings(options));
    print(json, activated, () => activationText(activated));
  });
  withJson(command);
  return withExamples(command, [['rollback', 'in the store in ./models']]);
}
