import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const REFUSED = [
  ['src/base/files/x.ts', '../../model/store/store.js'],
  ['src/model/network/x.ts', '../engines/load-engine.js'],
  ['src/model/tables/csv/x.ts', '../../versions/card.js'],
  ['src/drift/rows/x.ts', '../monitor/monitor.js'],
  ['src/drift/monitor/x.ts', '../../server/service/drift/drift-service.js'],
  ['src/server/service/prediction/x.ts', '../drift/drift-service.js'],
  ['src/server/http/x.ts', '../service/prediction/prediction-service.js'],
  ['src/server/protocols/vertex/x.ts', '../open-inference/open-inference.js'],
  ['src/model/versions/x.ts', 'fastify'],
  ['src/server/routes/x.ts', '@tensorflow/tfjs-core'],
] as const;

const ACCEPTED = [
  ['src/base/files/x.ts', '../domain-error.js'],
  ['src/model/tables/csv/x.ts', '../columns.js'],
  ['src/server/service/versions/x.ts', '../../../model/versions/card.js'],
  ['src/server/protocols/vertex/x.ts', '../served-model.js'],
  ['src/server/protocols/invocations/x.ts', '../open-inference/open-inference-reply.js'],
  ['src/model/engines/tfjs/x.ts', '@tensorflow/tfjs-core'],
] as const;

test('the linter refuses an import against the rules, and accepts one that follows them', () => {
  for (const [file, target] of REFUSED) {
    assert.match(lint(file, target), /lint\/style\/noRestrictedImports/, `${file} imports ${target}`);
  }
  for (const [file, target] of ACCEPTED) {
    assert.doesNotMatch(lint(file, target), /noRestrictedImports/, `${file} imports ${target}`);
  }
});

/** Returns what the linter says of a file with one import. */
function lint(file: string, target: string): string {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const options = { cwd: ROOT, input: `import { x } from '${target}';\nx();\n`, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(biome, ['lint', `--stdin-file-path=${file}`], options);
  return stdout + stderr;
}
