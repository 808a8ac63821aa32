// Measures the parts of a prediction separately, in this process, to show where the time of bench/serving/serving.ts goes.
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { RowParser } from '../../src/base/json/row-parser.js';
import { loadEngine } from '../../src/model/engines/load-engine.js';
import { FileStore } from '../../src/model/store/file-store.js';
import { predictReply } from '../../src/server/inference/json-reply.js';
import { registerModelMetrics } from '../../src/server/metrics/model-metrics.js';
import { DriftService } from '../../src/server/service/drift/drift-service.js';
import { PredictionService } from '../../src/server/service/prediction/prediction-service.js';
import { ModelLoader } from '../../src/server/service/versions/model-loader.js';
import { OwnChanges } from '../../src/server/service/versions/own-changes.js';
import { median } from '../tools/report.js';
import { bodyOf } from './serving-rows.js';

const TURNS = 25;
const ROWS_PER_TURN = 20_000;
const BODIES = 64;

/** The parts of a request in execution order. Each is measured separately in a loop. */
type Part = 'read the rows' | 'forward pass, scaled' | 'update the metrics' | 'monitor drift' | 'write the reply';
type Parts = Readonly<Record<Part, (i: number) => unknown>>;

/**
 * Prints the µs per part for requests of each of `sizes` rows, on the serving version of `directory`, and returns them by
 * the name of the part.
 */
export async function printParts(directory: string, sizes: readonly number[]): Promise<ReadonlyMap<Part, number>[]> {
  const log = pino({ level: 'silent' });
  const store = new FileStore(directory);
  const service = new PredictionService(log);
  const drift = new DriftService({ store, log, rowsBetweenFalseAlarms: 100_000, windowRows: 500 });
  const [createEngine, changes] = [await loadEngine('kernel'), new OwnChanges()];
  await new ModelLoader({ store, createEngine, service, drift, changes, log }).activateStored();
  const metrics = registerModelMetrics(new Registry(), service);
  const parser = new RowParser();
  const { card, predictor } = service.serving;
  const tables = sizes.map((count) => {
    const bodies = Array.from({ length: BODIES }, (_, i) => Buffer.from(bodyOf(count, i)));
    const parse = (i: number) => parser.parse(bodies[i % BODIES]!, card.features.length);
    parse(0);
    const observation = service.predict(parser.rows, count);
    return measure(Math.ceil(ROWS_PER_TURN / count), {
      'read the rows': parse,
      'forward pass, scaled': () => predictor.predict(parser.rows, count),
      'update the metrics': () => metrics.observe(observation),
      'monitor drift': () => drift.observe(observation),
      'write the reply': () => predictReply(observation),
    });
  });
  await drift.close();
  console.log(`| µs per request, median of ${TURNS} turns | ${sizes.map((size) => `${size} rows`).join(' | ')} |`);
  console.log(`|---|${sizes.map(() => '---:|').join('')}`);
  for (const part of [...tables[0]!.keys()]) {
    console.log(`| ${part} | ${tables.map((table) => table.get(part)!.toFixed(2)).join(' | ')} |`);
  }
  const sums = tables.map((table) => Array.from(table.values()).reduce((sum, time) => sum + time, 0));
  console.log(`| **total** | ${sums.map((sum) => sum.toFixed(2)).join(' | ')} |`);
  return tables;
}

function measure(requests: number, parts: Parts): Map<Part, number> {
  const names = Object.keys(parts) as Part[];
  const times = new Map<Part, number[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of names) {
      const start = performance.now();
      for (let i = 0; i < requests; i++) parts[name](i);
      times.get(name)!.push((1000 * (performance.now() - start)) / requests);
    }
  }
  return new Map(Array.from(times, ([name, values]) => [name, median(values)]));
}
