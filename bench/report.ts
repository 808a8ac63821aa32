import { arch, cpus, platform } from 'node:os';

/** Prints what the figures below were measured on. */
export function printMachine(): void {
  const [cpu] = cpus();
  console.log(`Node ${process.versions.node}, ${platform()} ${arch()}, ${cpus().length} × ${cpu?.model.trim()}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
