import { Command } from 'commander';
import { pino } from 'pino';
import { ALIAS_NAMES } from '../../model/store/aliases.js';
import { Catalog, type Summary } from '../../server/service/versions/catalog.js';
import { type ModelOptions, withStoreOptions } from '../source/model-options.js';
import { ServiceClient } from '../source/service-client.js';
import { settings, storeOf } from '../source/settings.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { print } from '../terminal/print.js';
import { figure, textTable } from '../terminal/text-table.js';

/** A version as it is listed. */
interface Listed extends Omit<Summary, 'version'> {
  readonly model_version: string;
  readonly aliases: readonly string[];
}

export function versionsCommand(): Command {
  const command = withStoreOptions(
    new Command('versions').description('list the versions of a model, the newest first'),
  ).action(versions);
  withJson(command);
  return withExamples(command, [
    ['versions', 'those of the store in ./models'],
    ['versions --url https://models.example.com', 'those of a running service; API_KEY is the key'],
  ]);
}

async function versions(options: ModelOptions & { json?: boolean }): Promise<void> {
  const { url, key, json } = options;
  const listed = url
    ? (await new ServiceClient(url, key).json<{ models: Listed[] }>('models')).models
    : await listStore(options);
  print(json, listed, () => {
    if (listed.length === 0)
      return 'there is no version yet; `reconstruction-regressor train FILE --target COLUMN` makes one\n';
    const rows = listed.map(({ model_version, aliases, created_at, origin, rows, metrics, gate }) => [
      ...[model_version, aliases.join(', '), created_at.slice(0, 16).replace('T', ' '), origin, String(rows)],
      Object.values(metrics.targets)
        .map(({ rmse }) => figure(rmse))
        .join(', '),
      gate?.decision ?? '-',
    ]);
    return textTable(['version', 'alias', 'created (UTC)', 'origin', 'rows', 'RMSE', 'gate'], rows, [0, 4, 5]);
  });
}

async function listStore(options: ModelOptions): Promise<Listed[]> {
  const store = storeOf(settings(options));
  const aliases = await store.aliases();
  const summaries = await new Catalog(store, pino({ level: 'silent' })).list();
  return summaries.map(({ version, ...summary }) => ({
    model_version: String(version),
    ...summary,
    aliases: ALIAS_NAMES.filter((name) => aliases[name] === version),
  }));
}
