import * as http from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import type { ServiceClient } from '../../source/service-client.js';

/** Milliseconds after which a request counts as failed. */
const TIMEOUT = 30_000;
/** Share of the time that is not measured: connections are opened, code is compiled. */
const WARM_UP = 0.1;

interface LoadOptions {
  readonly client: ServiceClient;
  readonly body: string;
  /** Requests at once. */
  readonly connections: number;
  readonly seconds: number;
  readonly onProgress: (share: number, requests: number) => void;
}

/** What a load has measured. */
export interface Load {
  readonly seconds: number;
  readonly requests: number;
  /** Failed requests, by their reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly milliseconds: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
}

/** Sends predictions to a service, each connection one after another. */
export async function loadService({ client, body, connections, seconds, onProgress }: LoadOptions): Promise<Load> {
  const url = new URL('predict', client.url);
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...client.headers };
  const times: number[] = [];
  const failures: Record<string, number> = {};
  const begin = performance.now();
  const start = begin + 1000 * seconds * WARM_UP;
  const end = start + 1000 * seconds;
  const send = () =>
    new Promise<void>((resolve) => {
      const sent = performance.now();
      const done = (reason?: string) => {
        if (sent >= start) times.push(performance.now() - sent);
        if (sent >= start && reason !== undefined) failures[reason] = (failures[reason] ?? 0) + 1;
        resolve();
      };
      const outgoing = request(url, { agent, method: 'POST', headers, timeout: TIMEOUT }, (response) => {
        text(response).then(
          () => done(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
          (error: Error) => done(error.message),
        );
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no reply in ${TIMEOUT / 1000} s`)));
      outgoing.on('error', (error: Error) => done(error.message));
      outgoing.end(body);
    });
  const connection = async () => {
    // A service so slow that no request fits into the time is measured by one.
    while (performance.now() < end || times.length === 0) {
      await send();
      onProgress(Math.min(1, (performance.now() - begin) / (end - begin)), times.length);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const measured = (performance.now() - start) / 1000;
  agent.destroy();
  const sorted = Float64Array.from(times).sort();
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const milliseconds = {
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
  return { seconds: measured, requests: times.length, failures, milliseconds };
}
