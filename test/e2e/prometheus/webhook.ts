import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** An alert as sent by Alertmanager. */
export interface ReceivedAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Name of the receiver. */
  readonly receiver: string;
}

/** Collects the alerts that Alertmanager sends to its receivers. */
export class Webhook {
  readonly alerts: ReceivedAlert[] = [];
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  static async start(t: TestContext): Promise<Webhook> {
    const server = createServer(async (request, response) => {
      const { receiver, alerts } = (await json(request)) as {
        receiver: string;
        alerts: Omit<ReceivedAlert, 'receiver'>[];
      };
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
