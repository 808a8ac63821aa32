import { hashRows } from '../../base/statistics/row-hashes.js';

/** Rows that a model has predicted and whose targets came. */
export interface LabelledRows {
  readonly rows: number;
  /** `[rows, features]` */
  readonly features: Float32Array;
  /** `[rows, targets]` */
  readonly targets: Float32Array;
}

/** Maximum rows of one request that are compared, evenly spaced: rows of one request are often alike. */
const ROWS_PER_REQUEST = 250;
/** Rows in which one that is sent again is recognised. */
const REMEMBERED_ROWS = 2000;

/** Chooses the labelled rows that are compared with held-out ones. */
export class ComparedRows {
  /** Rows since the process started: all that were compared, and those left out because they were sent before. */
  readonly counters = { rows: 0, repeated: 0 };
  private readonly distinct: boolean;
  /** Hashes of the latest rows, the oldest first. */
  private recent = new Set<number>();

  /** `distinct`: whether rows hardly repeat, so that an equal row is one that was sent again. */
  constructor(distinct: boolean) {
    this.distinct = distinct;
  }

  /** Yields the indices of the rows of one request that are compared, in their order. */
  *choose({ rows, features, targets }: LabelledRows): Generator<number> {
    const chosen = Math.min(rows, ROWS_PER_REQUEST);
    const [width, depth] = [targets.length / rows, features.length / rows];
    for (let i = 0; i < chosen; i++) {
      const r = Math.floor((i * rows) / chosen);
      const [row, target] = [
        features.subarray(r * depth, (r + 1) * depth),
        targets.subarray(r * width, (r + 1) * width),
      ];
      if (this.distinct && this.isRepeated(hashRows(1, row, target)[0]!)) {
        this.counters.repeated++;
        continue;
      }
      this.counters.rows++;
      yield r;
    }
  }

  /** Forgets the latest rows. */
  reset(): void {
    this.recent.clear();
  }

  state(): number[] {
    return Array.from(this.recent);
  }

  restore(recent: readonly number[]): void {
    this.recent = new Set(recent);
  }

  private isRepeated(hash: number): boolean {
    const { recent } = this;
    if (recent.has(hash)) return true;
    recent.add(hash);
    if (recent.size > REMEMBERED_ROWS) recent.delete(recent.values().next().value!);
    return false;
  }
}
