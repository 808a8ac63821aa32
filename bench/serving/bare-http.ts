// The control of bench/serving/overload.ts: Node's HTTP server alone, which reads each body and sends the reply that the argument
// gives as JSON.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const reply = process.argv[2]!;
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(reply) };
const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    JSON.parse(Buffer.concat(pieces).toString());
    response.writeHead(200, headers).end(reply);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
