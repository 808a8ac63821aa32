import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

test('compose restricts every service: no privileges, bounded processes and logs; ours has a read-only root', () => {
  const [services = ''] = read('compose.yaml').split(/^volumes:$/m);
  const blocks = services.split(/^(?= {2}\w+:$)/m).slice(1);
  assert.ok(blocks.length >= 4);
  for (const block of blocks) {
    const [name] = block.split('\n');
    assert.match(block, /^ {4}cap_drop: \[ALL\]$/m, name);
    assert.match(block, /^ {4}security_opt: \["no-new-privileges:true"\]$/m, name);
    assert.match(block, /^ {4}pids_limit: \d+$/m, name);
    assert.match(block, /^ {4}logging: [&*]logging$/m, name);
    assert.match(block, /^ {4}ports: \["127\.0\.0\.1:/m, name);
  }
  assert.match(blocks[0]!, /^ {4}read_only: true$/m);
  assert.match(blocks[0]!, /^ {4}tmpfs: \["\/tmp:noexec,nosuid,nodev,size=/m);
  assert.match(blocks[0]!, /max-size: 10m, max-file: "3"/);
});

test('the deployment passes the restricted pod security standard, and asks for keys', () => {
  const text = read('deploy/kubernetes/reconstruction-regressor.yaml');
  for (const required of [
    'automountServiceAccountToken: false',
    'runAsNonRoot: true',
    'seccompProfile: { type: RuntimeDefault }',
    'allowPrivilegeEscalation: false',
    'readOnlyRootFilesystem: true',
    'capabilities: { drop: [ALL] }',
    'policyTypes: [Ingress, Egress]',
    '{ name: AUTH, value: keys }',
  ]) {
    assert.ok(text.includes(required), required);
  }
  // The file of the keys must change with its secret.
  assert.match(text, /\{ name: keys, mountPath: \/run\/secrets\/regressor, readOnly: true \}/);
  const known: readonly string[] = read('.env.example').match(/^[A-Z_]+(?==)/gm) ?? [];
  const settings = Array.from(text.matchAll(/\{ name: ([A-Z_]+), value:/g), ([, name]) => name!);
  assert.ok(settings.length >= 5);
  for (const name of settings) assert.ok(known.includes(name), name);
});

test('the Dockerfile takes its base image as an argument, and its last stage has nothing but what is copied', () => {
  const dockerfile = read('Dockerfile');
  assert.match(dockerfile, /^ARG NODE_IMAGE=node:/m);
  const stages = dockerfile.match(/^FROM .*/gm)!;
  assert.equal(stages.at(-1), 'FROM scratch');
  assert.doesNotMatch(dockerfile.slice(dockerfile.indexOf('FROM scratch')), /^RUN/m);
  assert.match(dockerfile, /^USER 1000:1000$/m);
});
