import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { FastifyReply } from 'fastify';
import { EventStreams, serverSentEvent } from '../../../src/server/http/event-stream.js';

async function* noEvents(): AsyncGenerator<string> {}
const source = noEvents();

function fakeReply(): FastifyReply {
  const reply = { raw: new EventEmitter(), header: () => reply, type: () => reply, send: () => reply };
  return reply as unknown as FastifyReply;
}

test('the number of open event streams is bounded', () => {
  const streams = new EventStreams(() => () => {});
  const replies = Array.from({ length: 1000 }, () => streams.reply(fakeReply(), source, noEvents()));
  assert.throws(() => streams.reply(fakeReply(), source, noEvents()), {
    code: 'OVERLOADED',
    message: /^1000 event streams/,
  });
  replies[0]!.raw.emit('close');
  streams.reply(fakeReply(), source, noEvents());
});

test('a client that follows too many streams gets no further one, until one ends', () => {
  let held = 0;
  const streams = new EventStreams(() => {
    if (held === 2) throw new Error('too many');
    held++;
    return () => held--;
  });
  const [first] = [1, 2].map(() => streams.reply(fakeReply(), source, noEvents()));
  assert.throws(() => streams.reply(fakeReply(), source, noEvents()), /too many/);
  first!.raw.emit('close');
  streams.reply(fakeReply(), source, noEvents());
  assert.equal(held, 2);
});

test('an event is formatted once for all streams', () => {
  let formatted = 0;
  const data = { toJSON: () => ++formatted };
  assert.equal(serverSentEvent('epoch', data), 'event: epoch\ndata: 1\n\n');
  assert.equal(serverSentEvent('epoch', data), 'event: epoch\ndata: 1\n\n');
  assert.equal(serverSentEvent('end', data), 'event: end\ndata: 2\n\n');
});
