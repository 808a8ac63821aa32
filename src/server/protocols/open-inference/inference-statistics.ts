/** Durations as the Open Inference Protocol reports them. */
interface Duration {
  count: number;
  /** Their sum, in nanoseconds. */
  ns: number;
}

type Computed = Readonly<Record<'compute_input' | 'compute_infer' | 'compute_output', Duration>>;

/** Maximum number of batch sizes with statistics of their own: the first ones seen. */
const MAX_SIZES = 64;

/** Statistics of the version that serves. Clients can query no other, so those of former versions are dropped. */
export class StatisticsByVersion {
  private version = 0;
  private current = new InferenceStatistics();

  of(version: number): InferenceStatistics {
    if (version !== this.version) {
      this.version = version;
      this.current = new InferenceStatistics();
    }
    return this.current;
  }

  /** Returns the reply of the routes for statistics. */
  describe(name: string, version: number): { model_stats: object[] } {
    return { model_stats: [this.of(version).describe(name, version)] };
  }
}

/** The statistics extension's figures for one version, over the requests of the Open Inference Protocol. */
class InferenceStatistics {
  private lastInference = 0;
  private rows = 0;
  private readonly success = duration();
  private readonly fail = duration();
  private readonly all = computed();
  private readonly bySize = new Map<number, Computed>();

  /** Counts an answered request, with the milliseconds of reading it, of the forward pass and of writing the reply. */
  succeeded(rows: number, [input, infer, output]: readonly [number, number, number]): void {
    this.lastInference = Date.now();
    this.rows += rows;
    add(this.success, input + infer + output);
    let batch = this.bySize.get(rows);
    if (!batch && this.bySize.size < MAX_SIZES) {
      batch = computed();
      this.bySize.set(rows, batch);
    }
    for (const part of batch ? [this.all, batch] : [this.all]) {
      add(part.compute_input, input);
      add(part.compute_infer, infer);
      add(part.compute_output, output);
    }
  }

  /** Counts a request that was refused after `milliseconds`. */
  failed(milliseconds: number): void {
    add(this.fail, milliseconds);
  }

  /** Returns the element of `model_stats`. There is no queue: a request is computed as soon as it has been read. */
  describe(name: string, version: number): object {
    return {
      name,
      version: String(version),
      last_inference: this.lastInference,
      inference_count: this.rows,
      execution_count: this.success.count,
      inference_stats: {
        success: this.success,
        fail: this.fail,
        queue: { count: this.success.count, ns: 0 },
        ...this.all,
      },
      batch_stats: Array.from(this.bySize, ([size, batch]) => ({ batch_size: size, ...batch })),
    };
  }
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
