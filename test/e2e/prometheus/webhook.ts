import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** An alert as Alertmanager tells it. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Which receiver it was told to. */
  readonly receiver: string;
}

/** What listens at the end of the line: collects what Alertmanager tells its receivers. */
export class Webhook {
  readonly alerts: ToldAlert[] = [];
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(t: TestContext): Promise<Webhook> {
    const server = createServer(async (request, response) => {
      const { receiver, alerts } = (await json(request)) as { receiver: string; alerts: Omit<ToldAlert, 'receiver'>[] };
      webhook.alerts.push(...alerts.map((alert) => ({ ...alert, receiver })));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const webhook = new Webhook(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return webhook;
  }
}
