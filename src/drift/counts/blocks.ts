import type { Channel } from '../rows/channels.js';
import { fromBase64, type RowCounts, toBase64 } from './row-counts.js';

/** Rows of a block, about: as many as a chart remembers. */
const BLOCK_ROWS = 100;

/** Divides windows into blocks of about 100 rows, by which the dependence of the rows is measured. */
export class Blocks {
  /** Blocks per window. */
  readonly perWindow: number;
  /** Rows of the window at which its next block ends. */
  end: number;
  private readonly channels: readonly Channel[];
  private readonly windowRows: number;
  private closed = 0;
  /** `[bins of all channels]`: the rows of the window's closed blocks, and those of the latest block. */
  private readonly counted: Uint32Array;
  private readonly latest: Uint32Array;

  /** `bins`: of all channels. */
  constructor(channels: readonly Channel[], bins: number, windowRows: number) {
    this.channels = channels;
    this.windowRows = windowRows;
    this.perWindow = Math.max(1, Math.round(windowRows / BLOCK_ROWS));
    this.counted = new Uint32Array(bins);
    this.latest = new Uint32Array(bins);
    this.end = this.endOfNext();
  }

  /** True if the latest block was the last of its window. */
  get isWindowFull(): boolean {
    return this.closed === 0;
  }

  /**
   * Ends a block of the window whose rows are counted in `earlier` and `fresh`. Returns the rows counted in it, `[bins of all
   * channels]`, without those of cycles: the rows of an hour resemble each other in what the clock shows, from which no order is
   * learned. The next call overwrites them.
   */
  close(earlier: RowCounts, fresh: RowCounts): Uint32Array {
    const { latest, counted } = this;
    const { counts: before } = earlier;
    const { counts: after } = fresh;
    for (let k = 0; k < latest.length; k++) {
      const total = before[k]! + after[k]!;
      latest[k] = total - counted[k]!;
      counted[k] = total;
    }
    for (const { isCycle, offset, bins } of this.channels) {
      if (isCycle) latest.fill(0, offset, offset + bins.counts.length);
    }
    this.closed = (this.closed + 1) % this.perWindow;
    if (this.isWindowFull) this.counted.fill(0);
    this.end = this.endOfNext();
    return latest;
  }

  clear(): void {
    this.closed = 0;
    this.counted.fill(0);
    this.end = this.endOfNext();
  }

  state(): string {
    return toBase64(this.counted);
  }

  /** Continues with the blocks of `window`; from a state of an earlier release, which has none, with a new block. */
  restore(state: string | undefined, window: RowCounts): void {
    this.closed = Math.floor((window.rows * this.perWindow) / this.windowRows);
    if (state === undefined) this.counted.set(window.counts);
    else fromBase64(state, this.counted);
    this.end = this.endOfNext();
  }

  private endOfNext(): number {
    return Math.floor(((this.closed + 1) * this.windowRows) / this.perWindow);
  }
}
