import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AllowedHosts } from '../../../../src/server/access/perimeter/allowed-hosts.js';

test('localhost, addresses and the name of the machine are allowed, with any port', () => {
  const hosts = new AllowedHosts('', 'Worker-7.Example.net.');
  for (const host of [
    'localhost',
    'localhost:8080',
    'LOCALHOST:80',
    'localhost.',
    'app.localhost:8080',
    '127.0.0.1',
    '10.1.2.3:8080',
    '0.0.0.0:8081',
    '[::1]',
    '[fe80::1]:8080',
    '[2001:DB8::1]:443',
    'worker-7.example.net:8080',
    'WORKER-7.example.net.',
  ]) {
    assert.equal(hosts.allows(host), true, host);
    assert.equal(hosts.allows(host), true, `${host}, again`);
  }
});

test('every other name is foreign, however close it looks', () => {
  const hosts = new AllowedHosts('model.example.com', 'worker-7');
  for (const host of [
    '',
    ':8080',
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    'evillocalhost',
    '127.0.0.1.evil.example',
    '127.0.0.1.nip.io',
    'worker-7.evil.example',
    'xworker-7',
    'model.example.com.evil.example',
    'evil.model.example.com',
    'example.com',
    '1',
    '127.1',
    '0x7f000001',
    '2130706433',
    '[::1].evil.example',
    '[evil.example]',
    '[]',
    '::1',
    'localhost:8080:evil.example',
    'localhost@evil.example',
    'evil.example@localhost',
    'localhost evil.example',
    'localhost,evil.example',
    'localhost/evil',
    '127.0.0.1:x',
    'ｌocalhost',
  ]) {
    assert.equal(hosts.allows(host), false, host);
    assert.equal(hosts.allows(host), false, `${host}, again`);
  }
});

test('the setting adds names, and all names below a name', () => {
  const hosts = new AllowedHosts(' Model.example.com , *.svc.cluster.local,service ', 'worker-7');
  for (const host of ['model.example.com', 'a.b.svc.cluster.local:8080', 'service:8080', 'localhost', '10.0.0.1']) {
    assert.equal(hosts.allows(host), true, host);
  }
  for (const host of ['svc.cluster.local', 'xsvc.cluster.local', 'other', 'a.model.example.com']) {
    assert.equal(hosts.allows(host), false, host);
  }
  assert.equal(new AllowedHosts('*').allows('evil.example'), true);
});

test('an entry that is not a name is refused', () => {
  for (const entry of [
    'https://model.example.com',
    'model.example.com:8080',
    'a b',
    '*.',
    'a.*.b',
    '.example.com',
    '**',
  ]) {
    assert.throws(() => new AllowedHosts(`localhost,${entry}`), { message: /^ALLOWED_HOSTS: .*got "/ }, entry);
  }
});

test('the memory of allowed hosts is bounded', () => {
  const hosts = new AllowedHosts('');
  for (let port = 0; port < 5000; port++) assert.equal(hosts.allows(`localhost:${port}`), true);
  assert.ok((hosts as unknown as { known: Set<string> }).known.size <= 1000);
});
