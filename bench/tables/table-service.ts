import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PredictReply } from '../../src/server/routes/predict-schema.js';
import type { Job } from '../../src/server/service/training/job.js';
import { type Side, startService } from '../serving/serving-sides.js';

/** How often the state of a training is asked for. */
const POLL_MS = 250;

/** Runs `use` with the real service and a directory for files; ends both after it. */
export async function withService<T>(use: (service: TableService, directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'rr-tables-'));
  const side = await startService(join(directory, 'store'));
  try {
    return await use(new TableService(side), directory);
  } finally {
    side.process.kill();
    await once(side.process, 'close');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Trains and predicts tables, as a client of the service does. */
export class TableService {
  private readonly side: Side;

  constructor(side: Side) {
    this.side = side;
  }

  /**
   * Trains with the defaults. Serves the version whatever the gate says, since the benchmark judges it. Returns the seconds. It does
   * not wait for one reply: fetch gives up after five minutes.
   */
  async train(target: string, csv: Buffer): Promise<number> {
    const query = new URLSearchParams({ target, replace: 'true', promote: 'always' });
    let job = await this.post<Job>(`/train?${query}`, csv);
    while (job.state === 'running') {
      await sleep(POLL_MS);
      job = (await (await fetch(`http://127.0.0.1:${this.side.port}/train/${job.id}`)).json()) as Job;
    }
    if (job.state !== 'succeeded') throw new Error(job.error?.message ?? job.state);
    return job.seconds;
  }

  async predict(csv: Buffer, query = ''): Promise<PredictReply> {
    return this.post<PredictReply>(`/predict${query}`, csv);
  }

  private async post<T>(path: string, body: Buffer): Promise<T> {
    const headers = { 'content-type': 'text/csv', accept: 'application/json' };
    const response = await fetch(`http://127.0.0.1:${this.side.port}${path}`, { method: 'POST', headers, body });
    const text = await response.text();
    if (!response.ok) throw new Error(text.slice(0, 500));
    return JSON.parse(text) as T;
  }
}
