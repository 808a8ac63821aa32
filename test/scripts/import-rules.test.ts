import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const REFUSED = [
  ['src/base/files/x.ts', '../../model/store/aliases.js'],
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

test('the linter refuses an import against the rules, and accepts one that follows them', async (t) => {
  const directory = temporaryDirectory(t);
  const rules = join(ROOT, 'scripts/build/import-rules.json');
  writeFileSync(join(directory, 'biome.json'), JSON.stringify({ root: true, extends: [rules] }));
  for (const [i, [file, target]] of [...REFUSED, ...ACCEPTED].entries()) {
    const path = join(directory, file.replace('x.ts', `case-${i}.ts`));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { x } from '${target}';\nx();\n`);
  }
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const { stderr } = spawnSync(biome, ['lint', '--max-diagnostics=none', '--colors=off', directory], {
    cwd: directory,
    encoding: 'utf8',
  });
  const refused = Array.from(stderr.matchAll(/case-(\d+)\.ts:\S+ lint\/style\/noRestrictedImports/g), ([, i]) =>
    Number(i),
  );
  assert.deepEqual(
    refused.sort((a, b) => a - b),
    Array.from(REFUSED.keys()),
  );
});
