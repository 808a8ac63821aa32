import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimedScopes } from '../../../../src/server/access/oidc/claimed-scopes.js';
import { SCOPES } from '../../../../src/server/access/scopes.js';

const ANY = { claim: '', prefix: '' };

test('scopes are read from scope and scp, as a text or a list, and other names are ignored', () => {
  assert.deepEqual([...claimedScopes({ scope: 'openid predict  read' }, ANY)], ['predict', 'read']);
  assert.deepEqual([...claimedScopes({ scp: 'train' }, ANY)], ['train']);
  assert.deepEqual([...claimedScopes({ scp: ['train', 7, null, 'everything'] }, ANY)], ['train']);
  assert.deepEqual([...claimedScopes({ scope: { predict: true }, scp: 5 }, ANY)], []);
  assert.deepEqual([...claimedScopes({ roles: ['admin'] }, ANY)], []);
});

test('admin includes all scopes', () => {
  assert.deepEqual([...claimedScopes({ scope: 'admin' }, ANY)].sort(), [...SCOPES].sort());
});

test('another claim counts alone, by its name or its path', () => {
  const claims = {
    scope: 'admin',
    roles: ['predict'],
    realm_access: { roles: ['read'] },
    'https://models.example/roles': 'train',
  };
  assert.deepEqual([...claimedScopes(claims, { claim: 'roles', prefix: '' })], ['predict']);
  assert.deepEqual([...claimedScopes(claims, { claim: 'realm_access.roles', prefix: '' })], ['read']);
  assert.deepEqual([...claimedScopes(claims, { claim: 'https://models.example/roles', prefix: '' })], ['train']);
  for (const claim of ['none', 'roles.0.length', 'realm_access.none', '__proto__.roles', 'constructor'])
    assert.deepEqual([...claimedScopes(claims, { claim, prefix: '' })], [], claim);
});

test('with a prefix, names without it do not count', () => {
  const names = { claim: '', prefix: 'model:' };
  assert.deepEqual([...claimedScopes({ scope: 'model:predict read model:' }, names)], ['predict']);
});
