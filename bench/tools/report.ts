import { arch, cpus, platform } from 'node:os';

/** Prints the machine that the figures were measured on. */
export function printMachine(): void {
  const [cpu] = cpus();
  console.log(`Node ${process.versions.node}, ${platform()} ${arch()}, ${cpus().length} × ${cpu?.model.trim()}\n`);
}

/** Returns the command that runs a script as this process does. */
export function command(script: string): string {
  const quoted = process.argv.slice(2).map((each) => (/^[\w=-]+$/.test(each) ? each : `'${each}'`));
  return ['node', script, ...quoted].join(' ');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** Formats the median, with minimum and maximum in brackets. */
export function spread(values: readonly number[], digits: number): string {
  const text = (value: number) => value.toFixed(digits);
  return `${text(median(values))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`;
}

/** Formats the median, with the lower and the upper quartile in brackets. */
export function spreadOfQuartiles(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const quartile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(digits);
  return `${median(values).toFixed(digits)} (${quartile(0.25)} to ${quartile(0.75)})`;
}

/** Collects targets and measured figures for a list at the end of a page. A missed target makes the process exit with 1. */
export class Verdicts {
  private readonly lines: string[] = [];

  judge(claim: string, reached: boolean): void {
    if (!reached) process.exitCode = 1;
    this.lines.push(`- ${claim}: ${reached ? 'reached' : 'MISSED'}`);
  }

  print(): void {
    console.log(this.lines.join('\n'));
  }
}
