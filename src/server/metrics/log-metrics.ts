import { Counter, type Registry } from 'prom-client';

/** Registers the number of log lines that were lost, which is `output.dropped` at a scrape. */
export function registerLogMetrics(registry: Registry, output: { readonly dropped: number }): void {
  new Counter({
    name: 'log_lines_dropped_total',
    help: 'Log lines that the destination of the log did not accept, and that are lost',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(output.dropped);
    },
  });
}
