import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** The prefix that the proxy strips. */
export const PREFIX = '/model';

/**
 * Starts a proxy that strips the prefix and forwards to `service`, as its only backend. It reports the prefix if `forwarded`.
 * Returns the public URL, with a slash at its end.
 */
export async function startPrefixProxy(t: TestContext, service: string, forwarded = false): Promise<string> {
  const { port, hostname: host } = new URL(service);
  const proxy = createServer((incoming, reply) => {
    if (!incoming.url!.startsWith(`${PREFIX}/`)) return reply.writeHead(404).end('not for this service');
    const headers = { ...incoming.headers, ...(forwarded ? { 'x-forwarded-prefix': PREFIX } : {}) };
    const path = incoming.url!.slice(PREFIX.length);
    const forward = request({ port, host, method: incoming.method!, path, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    reply.on('close', () => forward.destroy());
    forward.on('error', () => reply.destroy());
    return incoming.pipe(forward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${PREFIX}/`;
}
