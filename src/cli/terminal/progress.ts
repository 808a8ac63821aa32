import { Presets, SingleBar } from 'cli-progress';

/** Columns below which a line has room for a percentage only. */
const NARROW = 60;
const STEPS = 1000;
/** Redraws a second. */
const RATE = 8;

/** Shows how far a command is. */
export interface Progress {
  /** `share` is from 0 to 1; undefined if unknown. `detail` is a short text, such as a number of rows. */
  update(share: number | undefined, detail: string): void;
  end(): void;
}

const NOTHING: Progress = { update: () => {}, end: () => {} };

/**
 * Opens a bar on standard error if that is a terminal. `isOutput`: the data goes to standard output, which must not be the same
 * terminal then.
 */
export function openProgress(label: string, isOutput = false): Progress {
  const { stderr, stdout } = process;
  if (!stderr.isTTY || (isOutput && stdout.isTTY)) return NOTHING;
  const columns = stderr.columns || 80;
  const isNarrow = columns < NARROW;
  const bar = new SingleBar(
    {
      stream: stderr,
      format: isNarrow ? '{percentage} %' : `${label} {bar} {percentage} % {detail}, {left} left`,
      barsize: Math.max(8, Math.min(30, columns - 55)),
      fps: RATE,
      hideCursor: false,
      clearOnComplete: true,
      gracefulExit: false,
      linewrap: false,
      emptyOnZero: true,
    },
    Presets.legacy,
  );
  const started = performance.now();
  bar.start(STEPS, 0, { detail: '', left: '?' });
  return {
    update(share, detail) {
      const seconds = (performance.now() - started) / 1000;
      const left = share ? duration((seconds / share) * (1 - share)) : '?';
      bar.update(Math.min(STEPS, Math.floor(STEPS * (share ?? 0))), { detail, left });
    },
    end: () => bar.stop(),
  };
}

/** Returns a time in the two largest units that it has: `1 h 5 min`, `42 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h} h ${min} min` : min > 0 ? `${min} min ${s} s` : `${s} s`;
}
