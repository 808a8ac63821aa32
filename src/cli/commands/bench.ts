import { Command } from 'commander';
import type { Card } from '../../model/versions/card.js';
import { exampleRow } from '../../server/service/versions/input-schema.js';
import { wholeNumber } from '../source/model-options.js';
import { ServiceClient } from '../source/service-client.js';
import { withExamples, withJson } from '../terminal/examples.js';
import { EXIT } from '../terminal/exit-codes.js';
import { print } from '../terminal/print.js';
import { openProgress } from '../terminal/progress.js';
import { figure, textTable } from '../terminal/text-table.js';
import { loadService } from './bench/load.js';

interface BenchOptions {
  readonly key?: string;
  readonly connections: number;
  readonly seconds: number;
  readonly rows: number;
  readonly json?: boolean;
}

export function benchCommand(): Command {
  const command = new Command('bench')
    .description(
      'measure how many predictions a running service answers, and how fast; its drift monitor counts the rows',
    )
    .argument('<url>', 'address of the service')
    .option('--connections <number>', 'requests at once', wholeNumber(1, 1000), 10)
    .option('--seconds <number>', 'how long', wholeNumber(1, 3600), 10)
    .option('--rows <number>', 'rows of a request', wholeNumber(1, 100_000), 1)
    .option('--key <key>', 'API key (default: API_KEY, which no other user sees)')
    .action(bench);
  withJson(command);
  return withExamples(command, [
    ['bench http://127.0.0.1:8080', 'one row a request, ten requests at once'],
    ['bench http://127.0.0.1:8080 --rows 1000 --connections 2', 'throughput of large requests'],
  ]);
}

async function bench(
  url: string,
  { key = process.env['API_KEY'], connections, seconds, rows, json }: BenchOptions,
): Promise<void> {
  const client = new ServiceClient(url, key);
  const { model_version, engine, ...card } = await client.json<Card & { model_version: string; engine: string }>(
    'model',
  );
  const row = exampleRow(card);
  const body = JSON.stringify({ instances: Array.from({ length: rows }, () => row) });
  const progress = openProgress('measuring');
  const onProgress = (share: number, requests: number) => progress.update(share, `${requests} requests`);
  const load = await loadService({ client, body, connections, seconds, onProgress }).finally(() => progress.end());
  const { requests, failures, milliseconds } = load;
  const answered = requests - Object.values(failures).reduce((sum, count) => sum + count, 0);
  const result = {
    ...{ url: client.url.href, model_version, engine, connections, rows_per_request: rows },
    ...{ seconds: load.seconds, requests, failures, requests_per_second: answered / load.seconds },
    ...{ rows_per_second: (rows * answered) / load.seconds, milliseconds },
  };
  if (answered === 0) process.exitCode = EXIT.failure;
  print(json, result, () => {
    const failed = Object.entries(failures).map(([reason, count]) => `${count} requests failed: ${reason}\n`);
    const rate = `${figure(result.requests_per_second)} requests and ${figure(result.rows_per_second)} rows a second`;
    const table = textTable(
      ['ms', 'median', '90 %', '99 %', 'max'],
      [['to the reply', ...[milliseconds.p50, milliseconds.p90, milliseconds.p99, milliseconds.max].map(figure)]],
      [1, 2, 3, 4],
    );
    return `${rate}, ${connections} at once, version ${model_version} (${engine})\n\n${table}${failed.join('')}`;
  });
}
