import { Worker } from 'node:worker_threads';

/** One measurement of the service. */
export interface Sample {
  readonly pid: number;
  /** Status of `/livez`; 0 if it did not answer. */
  readonly status: number;
  /** Milliseconds to that answer. */
  readonly latency: number;
  /** Milliseconds of that for which other processes had the processors. */
  readonly starved: number;
  /** Milliseconds by which the measuring thread itself was late. */
  readonly delay: number;
  /** Resident memory of the process, in bytes. */
  readonly rss: number;
  /** The same with the processes it started. */
  readonly tree: number;
}

/** Measures the service every 100 ms. */
export class Watch {
  samples = 0;
  maxLatency = 0;
  /** Without the time for which other processes had the processors. */
  maxOwnLatency = 0;
  maxDelay = 0;
  rss = 0;
  maxRss = 0;
  maxTree = 0;
  private readonly worker: Worker;

  constructor(port: number, onSample: (sample: Sample) => void) {
    this.worker = new Worker(new URL('./watch-worker.js', import.meta.url), { workerData: { port } });
    this.worker.on('message', (sample: Sample) => {
      this.samples++;
      if (sample.status > 0) {
        this.maxLatency = Math.max(this.maxLatency, sample.latency);
        this.maxOwnLatency = Math.max(this.maxOwnLatency, sample.latency - sample.starved);
      }
      this.maxDelay = Math.max(this.maxDelay, sample.delay);
      this.rss = sample.rss;
      this.maxRss = Math.max(this.maxRss, sample.rss);
      this.maxTree = Math.max(this.maxTree, sample.tree);
      onSample(sample);
    });
  }

  /** Measures this process from now on; 0 pauses. */
  follow(pid: number): void {
    this.worker.postMessage(pid);
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}
