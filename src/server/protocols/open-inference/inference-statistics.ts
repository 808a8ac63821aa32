/** A duration as the Open Inference Protocol counts it. */
interface Duration {
  count: number;
  /** In all, nanoseconds. */
  ns: number;
}

type Computed = Readonly<Record<'compute_input' | 'compute_infer' | 'compute_output', Duration>>;

/** Batch sizes of which statistics are kept: those that came first. */
const MAX_SIZES = 64;

/** What the statistics extension of the Open Inference Protocol tells of one version: of requests by that protocol. */
export class InferenceStatistics {
  private lastInference = 0;
  private rows = 0;
  private readonly success = duration();
  private readonly fail = duration();
  private readonly all = computed();
  private readonly bySize = new Map<number, Computed>();

  /** Counts an answered request: milliseconds of reading it, of the forward pass and of writing the reply. */
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

  /** Counts a request that was refused, after so many milliseconds. */
  failed(milliseconds: number): void {
    add(this.fail, milliseconds);
  }

  /** The element of `model_stats`. Nothing waits in a queue: the first row of a request is computed when it has been read. */
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
