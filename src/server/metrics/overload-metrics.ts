import { Counter, Gauge, type Registry } from 'prom-client';

/** What the metrics show at a scrape. */
export interface OverloadFigures {
  readonly refusedRequests: Readonly<Record<string, number>>;
  readonly refusedConnections: number;
  readonly maxConnections: number;
  readonly connections: number;
}

/** Registers what was refused because there was more than the process can do, and the number of connections. */
export function registerOverloadMetrics(registry: Registry, figures: OverloadFigures): void {
  const registers = [registry];
  new Counter({
    name: 'http_requests_shed_total',
    help: 'Requests refused with 503 OVERLOADED: late, because their turn came too late; limit, because of another limit',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(figures.refusedRequests)) this.inc({ reason }, count);
    },
  });
  new Counter({
    name: 'http_connections_refused_total',
    help: 'Connections closed at once because as many as possible were open',
    registers,
    collect() {
      this.reset();
      this.inc(figures.refusedConnections);
    },
  });
  new Gauge({
    name: 'http_connections',
    help: 'Open connections',
    registers,
    collect() {
      this.set(figures.connections);
    },
  });
  new Gauge({
    name: 'http_connections_limit',
    help: 'Maximum number of open connections',
    registers,
    collect() {
      this.set(figures.maxConnections);
    },
  });
}
