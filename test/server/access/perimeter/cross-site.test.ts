import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllowedHosts } from '../../../../src/server/access/perimeter/allowed-hosts.js';
import { hasNoSite, isCrossSite } from '../../../../src/server/access/perimeter/cross-site.js';

const HOSTS = new AllowedHosts('model.example.com, *.wild.example', 'worker-7');
const LINK = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

function isForeign(method: string, headers: Record<string, string>, isSecure = false): boolean {
  return isCrossSite({ method, headers: { host: 'localhost:8080', ...headers } }, HOSTS, isSecure);
}

test('programs other than browsers, and the page itself, are of no other site', () => {
  assert.equal(hasNoSite({ headers: { host: 'localhost:8080' } }), true);
  for (const method of ['GET', 'POST', 'DELETE']) {
    assert.equal(isForeign(method, {}), false);
    assert.equal(isForeign(method, { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }), false);
    assert.equal(isForeign(method, { 'sec-fetch-site': 'same-origin' }), false);
    assert.equal(isForeign(method, { 'sec-fetch-site': 'none' }), false);
    assert.equal(isForeign(method, { origin: 'http://LOCALHOST:8080' }), false);
  }
});

test('ports that a scheme has by itself make no difference', () => {
  assert.equal(isForeign('POST', { host: 'a.test', origin: 'http://a.test' }), false);
  assert.equal(isForeign('POST', { host: 'a.test:80', origin: 'http://a.test' }), false);
  assert.equal(isForeign('POST', { host: 'a.test', origin: 'https://a.test' }), false);
  assert.equal(isForeign('POST', { host: 'a.test:443', origin: 'https://a.test' }), false);
  assert.equal(isForeign('POST', { host: 'a.test:443', origin: 'http://a.test' }), true);
  assert.equal(isForeign('POST', { host: '[::1]:8080', origin: 'http://[::1]:8080' }), false);
});

test('every other origin is foreign to every method', () => {
  const origins = [
    'null',
    '',
    'http://evil.example',
    'http://localhost',
    'http://localhost:3000',
    'http://127.0.0.1:8080',
    'http://evil.example/http://localhost:8080',
    'http://localhost:8080@evil.example',
    'http://localhost:8080.evil.example',
    'https://localhost:8080/x',
    'file://',
    'ftp://localhost:8080',
    'chrome-extension://localhost:8080',
    'localhost:8080',
    'http://localhost:8080, http://evil.example',
  ];
  for (const origin of origins) {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      assert.equal(isForeign(method, { origin }), true, `${method} ${origin}`);
      assert.equal(isForeign(method, { origin, 'sec-fetch-site': 'same-origin' }), true, `${method} ${origin}`);
    }
  }
});

test('what Sec-Fetch-Site calls foreign is refused, but for a link that opens a window', () => {
  for (const site of ['cross-site', 'same-site', 'anything', '']) {
    for (const method of ['POST', 'DELETE', 'PUT', 'OPTIONS']) {
      assert.equal(isForeign(method, { 'sec-fetch-site': site }), true, `${method} ${site}`);
      assert.equal(isForeign(method, { 'sec-fetch-site': site, ...LINK }), true, `${method} ${site} by a form`);
    }
    for (const method of ['GET', 'HEAD']) {
      assert.equal(isForeign(method, { 'sec-fetch-site': site, ...LINK }), false, `${method} ${site} by a link`);
      for (const [mode, dest] of [
        ['no-cors', 'image'],
        ['no-cors', 'script'],
        ['cors', 'empty'],
        ['navigate', 'iframe'],
        ['navigate', 'object'],
        ['websocket', 'websocket'],
      ] as const) {
        const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
        assert.equal(isForeign(method, headers), true, `${method} ${site} ${mode} ${dest}`);
      }
    }
  }
});

test('a page that came without TLS is foreign to a service with TLS', () => {
  assert.equal(isForeign('POST', { host: 'a.test', origin: 'http://a.test' }, true), true);
  assert.equal(isForeign('POST', { host: 'a.test', origin: 'https://a.test' }, true), false);
});

test('behind a proxy that replaces the host, the names of ALLOWED_HOSTS are the own ones', () => {
  const behind = { host: '127.0.0.1:8080', 'sec-fetch-site': 'same-origin' };
  assert.equal(isForeign('POST', { ...behind, origin: 'https://model.example.com' }), false);
  for (const origin of [
    'https://model.example.com:8443',
    'https://other.example.com',
    'https://a.wild.example',
    'https://worker-7',
    'http://localhost',
    'null',
  ]) {
    assert.equal(isForeign('POST', { ...behind, origin }), true, origin);
  }
  // Where the host is passed on, a neighbour on another port is no part of the service.
  const direct = { host: 'model.example.com:8080' };
  assert.equal(isForeign('POST', { ...direct, origin: 'http://model.example.com' }), true);
});
