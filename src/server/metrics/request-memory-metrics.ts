import { Counter, Gauge, type Registry } from 'prom-client';

/** Registers what requests hold, and how many were refused because others held all. */
export function registerRequestMemoryMetrics(
  registry: Registry,
  memory: { readonly held: number; readonly limit: number; readonly refused: number },
): void {
  new Gauge({
    name: 'request_memory_bytes',
    help: 'Bytes that requests hold: bodies as they are unpacked, the rows in them, and replies',
    registers: [registry],
    collect() {
      this.set(memory.held);
    },
  });
  new Gauge({
    name: 'request_memory_limit_bytes',
    help: 'Maximum of request_memory_bytes, from the memory limit of the process; requests beyond it are a 503',
    registers: [registry],
    collect() {
      this.set(memory.limit);
    },
  });
  new Counter({
    name: 'requests_refused_for_memory_total',
    help: 'Requests refused with a 503 because other requests held all memory that there is for them',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(memory.refused);
    },
  });
}
