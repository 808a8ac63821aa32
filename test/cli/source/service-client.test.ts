import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ServiceClient } from '../../../src/cli/source/service-client.js';

/** A service that refuses the first requests with these statuses, and then accepts. Returns a client, and the requests that it got. */
async function refusing(t: TestContext, statuses: number[], headers: Record<string, string>) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const status = statuses[requests.length - 1] ?? 200;
    const reply = status === 200 ? { state: 'running' } : { error: 'too many requests', code: 'RATE_LIMITED' };
    request.resume().on('end', () => response.writeHead(status, headers).end(JSON.stringify(reply)));
  }).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { client: new ServiceClient(`http://127.0.0.1:${port}`, 'key'), requests };
}

test('what an overloaded service refuses is sent again when it asks for that', async (t) => {
  const { client, requests } = await refusing(t, [429, 503], { 'retry-after': '0' });
  assert.deepEqual(await client.json('train/1'), { state: 'running' });
  assert.deepEqual(requests, ['GET /train/1', 'GET /train/1', 'GET /train/1']);
});

test('a refusal counts after the last attempt, and at once for a stream, a long wait, and without Retry-After', async (t) => {
  const message = { code: 'RATE_LIMITED', message: /^http:.*: too many requests$/ };
  const always = Array(9).fill(429);
  const patient = await refusing(t, always, { 'retry-after': '0' });
  await assert.rejects(patient.client.json('models'), message);
  assert.equal(patient.requests.length, 5);
  const body = new Blob(['a,b\n1,2\n']).stream();
  await assert.rejects(patient.client.json('train', { method: 'POST', body, duplex: 'half' } as RequestInit), message);
  assert.equal(patient.requests.length, 6);
  for (const headers of [{ 'retry-after': '31' }, {}] as Record<string, string>[]) {
    const { client, requests } = await refusing(t, always, headers);
    await assert.rejects(client.json('models'), message);
    assert.equal(requests.length, 1);
  }
});
