import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { FileStore } from '../../src/model/store/file-store.js';
import { startServer } from '../support/server-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { publishUntrained } from '../support/test-app.js';

const LIMIT = 64;
const ARROW = 'application/vnd.apache.arrow.stream';

test('a moment without file descriptors is reported as such, and everything works when it is over', async (t) => {
  const directory = temporaryDirectory(t);
  await publishUntrained(new FileStore(join(directory, 'test')), ['a', 'b', 'c'], ['y']);
  const command = ['sh', '-c', `ulimit -n ${LIMIT} && exec "$@"`, 'sh'];
  const nodeArgs = ['--import', new URL('../support/taken-descriptors.js', import.meta.url).href];
  const server = await startServer(t, { MODEL_STORE: directory, MODEL_NAME: 'test' }, { command, nodeArgs });
  await server.logged('model version serves');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body: string | Buffer = '',
  ) => {
    const sent = request(new URL(path, server.url), { agent, method, headers });
    sent.end(body);
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: reply.statusCode!, headers: reply.headers, body: await buffer(reply) };
  };
  const large = JSON.stringify({ instances: Array(20_000).fill({ a: 1, b: 2, c: 3 }) });
  const json = { 'content-type': 'application/json' };
  const requests = {
    arrow: () => ask('POST', '/predict', { ...json, accept: ARROW }, '{"instances":[[1,2,3]]}'),
    archive: () => ask('GET', '/models/1/archive'),
    onnx: () => ask('GET', '/models/1/onnx'),
    list: () => ask('GET', '/models'),
    card: () => ask('GET', '/models/1'),
    docs: () => ask('GET', '/docs/static/swagger-ui.css'),
    // Read in a thread.
    large: () => ask('POST', '/predict', json, large),
    livez: () => ask('GET', '/livez'),
    upload: () => ask('POST', '/models', { 'content-type': 'application/gzip' }, Buffer.from('no archive')),
  };
  await requests.livez();

  // Connections alone do not take them all: their number is bounded.
  const descriptors = async (message: 'take' | 'free') => {
    server.child.send(message);
    await once(server.child, 'message');
  };
  await descriptors('take');
  for (const [name, send] of Object.entries(requests)) {
    const { status, body } = await send();
    const outcome = `${name}: ${status} ${body.toString('latin1').slice(0, 200)}`;
    if (name === 'livez' || name === 'arrow') assert.equal(status, 200, outcome);
    else if (status !== 200) assert.match(outcome, /^\w+: 503 .*"OVERLOADED"/, JSON.stringify(server.lines.at(-1)));
  }
  const archive = await requests.archive();
  assert.deepEqual([archive.status, archive.headers['retry-after']], [503, '5']);

  await descriptors('free');
  for (const [name, send] of Object.entries(requests)) {
    const { status, body } = await send();
    assert.equal(status, name === 'upload' ? 400 : 200, `${name}: ${body.toString('latin1').slice(0, 200)}`);
  }
  assert.equal(
    server.lines.some(({ msg }) => msg.includes('broken')),
    false,
  );
});
