// Prints the cost of the protocols of other model servers relative to `POST /predict`, for one row in JSON and for ten thousand
// rows in binary: `node dist/bench/serving/protocols.js`. Exits with 1 if a target is missed.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { median, printMachine, spread, Verdicts } from '../tools/report.js';
import { LoadGenerator } from './load.js';
import type { Load, LoadResult } from './load-process.js';
import { printParts } from './request-parts.js';
import { bodyOf, FEATURES } from './serving-rows.js';
import { type Side, startService } from './serving-sides.js';

const quick = process.argv.includes('--quick');
/** Length of a turn in milliseconds, and number of turns per side, after a longer warm-up turn. */
const TURN = 200;
const TURNS = quick ? 7 : 25;
const WARM_UP = quick ? 500 : 2000;
const MANY = 10_000;

/** Maximum latency for one row in JSON, and minimum rows per second in binary, relative to `POST /predict` in JSON. */
const MAX_LATENCY = quick ? 1.25 : 1.1;
const MIN_THROUGHPUT = quick ? 0.7 : 5;

interface Protocol {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const MODEL = 'reconstruction_regressor';
/** Environment variables that Vertex AI sets. */
const VERTEX = { AIP_PREDICT_ROUTE: '/v1/endpoints/7/deployedModels/9:predict', AIP_HEALTH_ROUTE: '/health' };
const NATIVE: Protocol = { name: 'POST /predict', path: '/predict', body: bodyOf(1, 0) };
const verdicts = new Verdicts();
const load = new LoadGenerator();
const directory = mkdtempSync(join(tmpdir(), 'rr-protocols-'));
const service = await startService(directory, undefined, VERTEX);
try {
  console.log('# Protocols\n');
  printMachine();
  console.log(`Alternating turns of ${TURN} ms, ${TURNS} per side. Medians, with minimum and maximum in brackets.\n`);
  await compareOneRow();
  await compareMany();
  verdicts.print();
} finally {
  load.close();
  service.process.kill();
  await once(service.process, 'close');
  rmSync(directory, { recursive: true, force: true });
}

async function compareOneRow(): Promise<void> {
  console.log('One row, one connection. The ratio compares the median latencies of two adjacent turns.\n');
  console.log('| protocol | p50, µs | requests/s | ratio of p50 to POST /predict |\n|---|---:|---:|---:|');
  const rounds = await measure(NATIVE, oneRow());
  const print = ({ name }: Protocol, results: readonly LoadResult[], ratio: string) => {
    const p50 = median(results.map((result) => result.p50)).toFixed(0);
    const rate = median(results.map((result) => result.requestsPerSecond)).toFixed(0);
    console.log(`| ${name} | ${p50} | ${rate} | ${ratio} |`);
  };
  print(
    NATIVE,
    rounds.flatMap(({ native }) => native),
    '1',
  );
  for (const { protocol, results, native } of rounds) {
    const ratios = results.map(({ p50 }, i) => p50 / native[i]!.p50);
    print(protocol, results, spread(ratios, 2));
    const ratio = median(ratios);
    verdicts.judge(
      `${protocol.name}, one row: ${ratio.toFixed(2)} times the latency of POST /predict, at most ${MAX_LATENCY}`,
      ratio <= MAX_LATENCY,
    );
  }
  console.log();
}

async function compareMany(): Promise<void> {
  console.log(`${MANY} rows per request, one connection.\n`);
  console.log('| protocol | bytes | rows/s | ratio to POST /predict in JSON |\n|---|---:|---:|---:|');
  const json = { ...NATIVE, name: 'POST /predict, JSON', body: bodyOf(MANY, 0) };
  const rounds = await measure(json, manyRows());
  const rates = (results: readonly LoadResult[]) => results.map(({ requestsPerSecond }) => MANY * requestsPerSecond);
  const print = ({ name, body }: Protocol, results: readonly LoadResult[], ratio: string) =>
    console.log(`| ${name} | ${body.length} | ${median(rates(results)).toFixed(0)} | ${ratio} |`);
  const all = rounds.flatMap(({ native }) => native);
  print(json, all, '1');
  for (const { protocol, results, native } of rounds) {
    const ratios = rates(results).map((rate, i) => rate / rates(native)[i]!);
    print(protocol, results, spread(ratios, 1));
    const ratio = median(ratios);
    verdicts.judge(
      `${protocol.name}, ${MANY} rows: ${ratio.toFixed(1)} times the rows per second of JSON, at least ${MIN_THROUGHPUT}`,
      ratio >= MIN_THROUGHPUT,
    );
  }
  console.log();
  await printCeiling((1000 * MANY) / Math.max(...rates(all)));
}

/** Prints the maximum gain of any format over JSON for many rows, which take `milliseconds` in JSON. */
async function printCeiling(milliseconds: number): Promise<void> {
  console.log('The parts of such a request in JSON, each measured in its own loop:\n');
  const [parts] = await printParts(join(directory, MODEL), [MANY]);
  const format = (parts!.get('read the rows')! + parts!.get('write the reply')!) / 1000;
  const rest = Array.from(parts!.values()).reduce((sum, time) => sum + time) / 1000 - format;
  console.log(
    `\nThe request in JSON takes ${milliseconds.toFixed(1)} ms in its best turn: ${format.toFixed(1)} ms to read and write it, and ` +
      `${rest.toFixed(1)} ms for prediction, metrics and drift monitoring, which no format saves. A format that cost nothing to read, ` +
      `write or transfer would reach ${(milliseconds / rest).toFixed(1)} times the rows per second of JSON.\n`,
  );
}

/** The turns of a protocol, and the adjacent turns of `POST /predict`. */
interface Paired {
  readonly protocol: Protocol;
  readonly results: LoadResult[];
  readonly native: LoadResult[];
}

/** In each round, measures every protocol next to a turn of `native`, so that both run under the same conditions. */
async function measure(native: Protocol, protocols: readonly Protocol[]): Promise<Paired[]> {
  const rounds = protocols.map((protocol): Paired => ({ protocol, results: [], native: [] }));
  for (const protocol of [native, ...protocols]) await turn(service, protocol, WARM_UP);
  for (let i = 0; i < TURNS; i++) {
    for (const paired of rounds) {
      const sides = [
        [paired.protocol, paired.results],
        [native, paired.native],
      ] as const;
      for (const [protocol, results] of i % 2 === 0 ? sides : sides.toReversed()) {
        results.push(await turn(service, protocol, TURN));
      }
    }
  }
  return rounds;
}

function turn(
  { port }: Side,
  { path, headers = JSON_TYPE, body }: Protocol,
  milliseconds: number,
): Promise<LoadResult> {
  const head: Load['head'] = { path, headers };
  return load.run(port, [body], milliseconds, head);
}

function oneRow(): Protocol[] {
  const { instances } = JSON.parse(bodyOf(1, 0)) as { instances: number[][] };
  const tensor = { name: 'inputs', shape: [1, FEATURES.length], datatype: 'FP32', data: instances.flat() };
  const named = instances.map((row) => Object.fromEntries(FEATURES.map((name, j) => [name, row[j]])));
  const body = (value: unknown) => JSON.stringify(value);
  return [
    {
      name: 'TensorFlow Serving, KServe V1: instances',
      path: `/v1/models/${MODEL}:predict`,
      body: body({ instances }),
    },
    {
      name: 'TensorFlow Serving: a version',
      path: `/v1/models/${MODEL}/versions/1:predict`,
      body: body({ instances }),
    },
    { name: 'TensorFlow Serving: regress', path: `/v1/models/${MODEL}:regress`, body: body({ examples: named }) },
    { name: 'Vertex AI', path: VERTEX.AIP_PREDICT_ROUTE, body: body({ instances }) },
    { name: 'MLflow: dataframe_records', path: '/invocations', body: body({ dataframe_records: named }) },
    {
      name: 'SageMaker: JSON Lines',
      path: '/invocations',
      headers: { 'content-type': 'application/jsonlines' },
      body: `${JSON.stringify(instances[0])}\n`,
    },
    { name: 'TensorFlow Serving: inputs', path: `/v1/models/${MODEL}:predict`, body: body({ inputs: instances }) },
    { name: 'Open Inference Protocol V2', path: `/v2/models/${MODEL}/infer`, body: body({ inputs: [tensor] }) },
    { name: 'MLflow: instances', path: '/invocations', body: body({ instances }) },
    {
      name: 'MLflow: dataframe_split',
      path: '/invocations',
      body: body({ dataframe_split: { columns: FEATURES, data: instances } }),
    },
    {
      name: 'SageMaker: TensorFlow Serving',
      path: '/invocations',
      headers: { ...JSON_TYPE, 'x-amzn-sagemaker-custom-attributes': 'tfs-method=predict' },
      body: body({ instances }),
    },
  ];
}

function manyRows(): Protocol[] {
  const { instances } = JSON.parse(bodyOf(MANY, 0)) as { instances: number[][] };
  const floats = latin1(Float32Array.from(instances.flat()));
  const input = { name: 'inputs', shape: [MANY, FEATURES.length], datatype: 'FP32' };
  const header = JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: [{ ...input, parameters: { binary_data_size: floats.length } }],
  });
  const columns = FEATURES.map((name, j) => [name, Float32Array.from(instances, (row) => row[j]!)]);
  const arrow = 'application/vnd.apache.arrow.stream';
  return [
    {
      name: 'Open Inference Protocol V2, binary both ways',
      path: `/v2/models/${MODEL}/infer`,
      headers: { 'inference-header-content-length': String(header.length) },
      body: header + floats,
    },
    {
      name: 'POST /predict, Arrow both ways',
      path: '/predict',
      headers: { 'content-type': arrow, accept: arrow },
      body: latin1(tableToIPC(tableFromArrays(Object.fromEntries(columns)), 'stream')),
    },
  ];
}

function latin1({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('latin1');
}
