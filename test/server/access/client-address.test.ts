import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { addressGroup, ClientAddresses } from '../../../src/server/access/client-address.js';

const of = (trusted: string, remoteAddress: string, forwarded?: string) =>
  new ClientAddresses(trusted).of({
    socket: { remoteAddress } as Socket,
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  });

test('without trusted proxies the address is that of the connection, whatever headers say', () => {
  assert.equal(of('', '192.0.2.1', '198.51.100.7'), '192.0.2.1');
  assert.equal(of('', '::ffff:192.0.2.1', '198.51.100.7'), '192.0.2.1');
  assert.equal(of('', '2001:db8::1'), '2001:db8::1');
  assert.equal(of('', ''), '');
});

test('behind trusted proxies the last address counts that none of them has', () => {
  const trusted = '127.0.0.1, 10.0.0.0/8,2001:db8::/32';
  assert.equal(of(trusted, '127.0.0.1', '198.51.100.7'), '198.51.100.7');
  assert.equal(of(trusted, '::ffff:10.1.2.3', '198.51.100.7, 10.9.9.9'), '198.51.100.7');
  assert.equal(of(trusted, '2001:db8::5', '2001:470::9'), '2001:470::9');
  // Whoever connects directly is not a proxy.
  assert.equal(of(trusted, '192.0.2.1', '198.51.100.7'), '192.0.2.1');
  // All hops are proxies: the farthest one asks on its own account.
  assert.equal(of(trusted, '127.0.0.1', '10.0.0.2, 10.0.0.1'), '10.0.0.2');
});

test('what a client writes into the header itself does not count', () => {
  assert.equal(of('127.0.0.1', '127.0.0.1', '127.0.0.1, 1.1.1.1, 198.51.100.7'), '198.51.100.7');
  assert.equal(of('127.0.0.1', '127.0.0.1', 'nonsense'), '127.0.0.1');
  assert.equal(of('127.0.0.1', '127.0.0.1', '1.1.1.1, nonsense'), '127.0.0.1');
  assert.equal(of('127.0.0.1', '127.0.0.1', ''), '127.0.0.1');
});

test('addresses may be written with ports and brackets', () => {
  assert.equal(of('127.0.0.1', '127.0.0.1', '198.51.100.7:4711'), '198.51.100.7');
  assert.equal(of('127.0.0.1', '127.0.0.1', '[2001:db8::7]:4711'), '2001:db8::7');
  assert.equal(of('127.0.0.1', '127.0.0.1', '[2001:db8::7]'), '2001:db8::7');
  assert.equal(of('127.0.0.1', '127.0.0.1', '2001:db8::7'), '2001:db8::7');
});

test('a trusted proxy says whether its connection is encrypted, and nobody else', () => {
  const isSecure = (trusted: string, socket: object, proto?: string) =>
    new ClientAddresses(trusted).isSecure({
      socket: socket as Socket,
      headers: proto === undefined ? {} : { 'x-forwarded-proto': proto },
    });
  assert.equal(isSecure('', { encrypted: true, remoteAddress: '192.0.2.1' }), true);
  assert.equal(isSecure('', { remoteAddress: '10.0.0.1' }, 'https'), false);
  assert.equal(isSecure('10.0.0.0/8', { remoteAddress: '10.0.0.1' }, 'https'), true);
  assert.equal(isSecure('10.0.0.0/8', { remoteAddress: '10.0.0.1' }, 'http'), false);
  assert.equal(isSecure('10.0.0.0/8', { remoteAddress: '192.0.2.1' }, 'https'), false);
});

test('an entry that is neither an address nor a subnet is named', () => {
  for (const entry of ['proxy', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '::1/129', '10.0.0.1,,']) {
    assert.throws(() => new ClientAddresses(entry), /^Error: TRUST_PROXY must list addresses and subnets/, entry);
  }
});

test('an IPv6 network counts as one address, however it is written', () => {
  assert.equal(addressGroup('192.0.2.1'), '192.0.2.1');
  const group = '2001:db8:0:1::/64';
  for (const address of ['2001:db8:0:1::', '2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:0db8:0000:0001::5']) {
    assert.equal(addressGroup(address), group, address);
  }
  assert.equal(addressGroup('::1'), '0:0:0:0::/64');
  assert.equal(addressGroup('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(addressGroup('1::2:3:4:5:6:7'), '1:0:2:3::/64');
  assert.notEqual(addressGroup('2001:db8:0:2::1'), group);
});
