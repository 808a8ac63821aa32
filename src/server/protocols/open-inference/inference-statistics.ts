/** Durations as the Open Inference Protocol reports them. */
interface Duration {
  count: number;
  /** Their sum, in nanoseconds. */
  ns: number;
}

type Computed = Readonly<Record<'compute_input' | 'compute_infer' | 'compute_output', Duration>>;

/** Maximum number of batch sizes with statistics of their own: the first ones seen. */
const MAX_SIZES = 64;

interface Counts {
  readonly version: number;
  lastInference: number;
  rows: number;
  readonly success: Duration;
  readonly fail: Duration;
  readonly all: Computed;
  readonly bySize: Map<number, Computed>;
}

/**
 * The statistics extension's figures over the requests of the Open Inference Protocol, for the version that serves. Clients
 * can query no other, so those of former versions are dropped.
 */
export class InferenceStatistics {
  private current = newCounts(0);

  /** Counts an answered request, with the milliseconds of reading it, of the forward pass and of writing the reply. */
  succeeded(version: number, rows: number, [input, infer, output]: readonly [number, number, number]): void {
    const counts = this.of(version);
    counts.lastInference = Date.now();
    counts.rows += rows;
    add(counts.success, input + infer + output);
    let batch = counts.bySize.get(rows);
    if (!batch && counts.bySize.size < MAX_SIZES) {
      batch = computed();
      counts.bySize.set(rows, batch);
    }
    for (const part of batch ? [counts.all, batch] : [counts.all]) {
      add(part.compute_input, input);
      add(part.compute_infer, infer);
      add(part.compute_output, output);
    }
  }

  /** Counts a request that was refused after `milliseconds`. */
  failed(version: number, milliseconds: number): void {
    add(this.of(version).fail, milliseconds);
  }

  /** Returns the reply of the routes for statistics. There is no queue: a request is computed once it has been read. */
  describe(name: string, version: number): { model_stats: object[] } {
    const { lastInference, rows, success, fail, all, bySize } = this.of(version);
    const stats = {
      name,
      version: String(version),
      last_inference: lastInference,
      inference_count: rows,
      execution_count: success.count,
      inference_stats: { success, fail, queue: { count: success.count, ns: 0 }, ...all },
      batch_stats: Array.from(bySize, ([size, batch]) => ({ batch_size: size, ...batch })),
    };
    return { model_stats: [stats] };
  }

  private of(version: number): Counts {
    if (version !== this.current.version) this.current = newCounts(version);
    return this.current;
  }
}

function newCounts(version: number): Counts {
  const none = { version, lastInference: 0, rows: 0 };
  return { ...none, success: duration(), fail: duration(), all: computed(), bySize: new Map() };
}

function add(duration: Duration, milliseconds: number): void {
  duration.count++;
  duration.ns += Math.round(1e6 * milliseconds);
}

function duration(): Duration {
  return { count: 0, ns: 0 };
}

function computed(): Computed {
  return { compute_input: duration(), compute_infer: duration(), compute_output: duration() };
}
