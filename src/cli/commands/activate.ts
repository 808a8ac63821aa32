import { Command } from 'commander';
import type { Activated } from '../../server/service/versions/model-loader.js';
import { activateInStore } from '../source/activation.js';
import { type ModelOptions, versionNumber, withStoreOptions } from '../source/model-options.js';
import { ServiceClient } from '../source/service-client.js';
import { settings } from '../source/settings.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { print } from '../terminal/print.js';

export function activateCommand(): Command {
  const command = withStoreOptions(
    new Command('activate')
      .description('put a version into production; services on the store follow')
      .argument('<version>', 'its number', versionNumber),
  ).action(async (version: number, options: ModelOptions & { json?: boolean }) => {
    const { url, key, json } = options;
    const activated = url
      ? await new ServiceClient(url, key).json<Activated>(`models/${version}/activate`, { method: 'POST' })
      : await activateInStore(settings(options), version);
    print(json, activated, () => activationText(activated));
  });
  withJson(command);
  return withExamples(command, [
    ['activate 3', 'in the store in ./models'],
    ['activate 3 --url http://127.0.0.1:8080', 'in a running service'],
  ]);
}

export function activationText({ model_version, former_version }: Activated): string {
  if (model_version === former_version) return `version ${model_version} was in production already\n`;
  const before = former_version === null ? 'none was before' : `version ${former_version} was before`;
  return `version ${model_version} is in production; ${before}\n`;
}
