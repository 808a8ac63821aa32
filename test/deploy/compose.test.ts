import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a command in the project directory. Returns its exit code, null if the command does not exist, and its output. */
function run(command: string, ...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  return { code: status, output: `${stdout}${stderr}` };
}

test('compose.yaml is valid', (t) => {
  const compose = [['docker', 'compose'] as const, ['docker-compose'] as const].find(
    ([command, ...args]) => run(command, ...args, 'version').code === 0,
  );
  if (!compose) return t.skip('neither `docker compose` nor `docker-compose` is installed');
  const [command, ...args] = compose;
  const { code, output } = run(command, ...args, '--file', 'compose.yaml', 'config', '--quiet');
  assert.equal(code, 0, output);
});

test('the targets of Prometheus match names and ports in compose.yaml', () => {
  const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
  const services = read('compose.yaml').split(/^(?= {2}\w+:$)/m);
  const targets = [...read('deploy/prometheus/prometheus.yml').matchAll(/targets: \["(\w+):(\d+)"\]/g)];
  assert.ok(targets.length >= 1);
  for (const [target, name, port] of targets) {
    const service = services.find((text) => text.startsWith(`  ${name}:\n`));
    assert.match(service ?? '', new RegExp(`^ {4}ports: \\["[\\d.:]+:${port}"\\]$`, 'm'), target);
  }
});

test('promtool accepts the configuration of Prometheus', (t) => {
  if (run('promtool', '--version').code !== 0) return t.skip('promtool cannot be run');
  const { code, output } = run('promtool', 'check', 'config', 'deploy/prometheus/prometheus.yml');
  assert.equal(code, 0, output);
});
