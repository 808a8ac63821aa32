import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { Admission } from '../../../src/server/access/admission.js';
import type { Identity } from '../../../src/server/access/authenticator.js';
import { ClientAddresses } from '../../../src/server/access/client-address.js';
import { ALL_SCOPES } from '../../../src/server/access/scopes.js';
import { Limits } from '../../../src/server/limits/limits.js';
import { access } from '../../../src/server/plugins/access.js';
import { limits } from '../../../src/server/plugins/limits.js';

test('a client that leaves while its credential is checked holds nothing', async (t) => {
  const alice = { id: 'oidc:alice', kind: 'token', scopes: ALL_SCOPES } as const;
  let resolve: (identity: Identity) => void = () => {};
  const identity = new Promise<Identity>((settle) => {
    resolve = settle;
  });
  const admission = new Admission({
    perimeter: [],
    authenticators: [{ accepts: 'a token', securitySchemes: {}, now: () => undefined, identify: () => identity }],
    limits: [],
    addressOf: () => '',
  });
  const all = new Limits({ requests: 0, rows: 0, trainings: 1, uploads: 0, scratch: 0, eventStreams: 0 });
  const app = fastify();
  t.after(() => app.close());
  access(app, admission);
  limits(app, { limits: all, addresses: new ClientAddresses('') });
  let handled = 0;
  app.get('/', { config: { scope: 'train', holds: 'trainings' } }, async () => ++handled);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });

  const client = request(url, { agent: false }).on('error', () => {});
  client.end();
  const [, response] = await once(app.server, 'request');
  client.destroy();
  await once(response, 'close');
  resolve(alice);
  assert.equal((await fetch(url)).status, 200);
  assert.equal(handled, 1);
});
