import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { withTemporaryApp } from './temporary-app.js';

const CARS = join(import.meta.dirname, '../../../data/auto-mpg.csv');
/** Requests after which every metric of the model has a sample. Of a large request only half is counted, so there are two. */
const ROUNDS = 2;

/** What the reference pages are made of: the OpenAPI document of a service without a model, and the metrics of one with traffic. */
export interface Reference {
  readonly openapi: Record<string, unknown>;
  readonly metrics: string;
}

/** Reads the document of the real application, trains a model on the bundled data, sends it traffic, and reads the metrics. */
export async function readReference(): Promise<Reference> {
  const read = async (app: FastifyInstance) => {
    const openapi = (await app.inject('/openapi.json')).json();
    await sendTraffic(app);
    return { openapi, metrics: (await app.inject('/metrics')).body };
  };
  return withTemporaryApp(read, { settings: { TRAIN_DATA: CARS } });
}

async function sendTraffic(app: FastifyInstance): Promise<void> {
  const csv = readFileSync(CARS, 'utf8');
  const headers = { 'content-type': 'text/csv' };
  const send = async (url: string, payload: string | object) => {
    const options = { method: 'POST', url, payload, ...(typeof payload === 'string' && { headers }) } as const;
    const { statusCode, body } = await app.inject(options);
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${body}`);
  };
  await send('/train?target=mpg&wait=true&epochs=1', csv);
  const [header, ...lines] = csv.trimEnd().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  const target = header!.split(',').indexOf('mpg');
  const targets = rows.map((row) => row[target]!);
  const instances = rows.map((row) => row.filter((_, j) => j !== target));
  for (let i = 0; i < ROUNDS; i++) await send('/predict', csv);
  await send('/feedback', { instances, targets });
}
