import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTemporaryApp } from '../docs/temporary-app.js';

// Writes src/client/openapi.ts, the types of the TypeScript client, from the OpenAPI document of a service without a model, of the
// native interface alone: `npm run client`. With --check, it writes nothing, and fails if the file is outdated. The generator needs
// a TypeScript of its own, which npm downloads.

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, 'src/client/openapi.ts');
/** The tags of the native interface. */
const TAGS = new Set(['model', 'training', 'drift', 'monitoring', 'access']);
const GENERATOR = ['--package=openapi-typescript@7.13.0', '--package=typescript@5.9.3', '--', 'openapi-typescript'];

const directory = mkdtempSync(join(tmpdir(), 'client-'));
try {
  const document = join(directory, 'openapi.json');
  writeFileSync(document, await openApi());
  const types = join(directory, 'openapi.ts');
  const options = ['--default-non-nullable=false', '--output', types];
  execFileSync('npm', ['exec', '--yes', ...GENERATOR, document, ...options], { cwd: directory, stdio: 'ignore' });
  const formatted = format(readFileSync(types, 'utf8'));
  if (!process.argv.includes('--check')) writeFileSync(FILE, formatted);
  else if (readFileSync(FILE, 'utf8') !== formatted) {
    process.stderr.write('src/client/openapi.ts is outdated: npm run client\n');
    process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function openApi(): Promise<string> {
  const document = await withTemporaryApp(async (app) =>
    (await app.inject('/openapi.json')).json<{ paths: Record<string, Record<string, Operation>> }>(),
  );
  const native = Object.entries(document.paths).filter(([, operations]) =>
    Object.values(operations).some(({ tags }) => tags.some((tag) => TAGS.has(tag))),
  );
  return JSON.stringify({ ...document, paths: Object.fromEntries(native) });
}

interface Operation {
  readonly tags: readonly string[];
}

/** Formats the file as all others are. */
function format(text: string): string {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  return execFileSync(biome, ['format', '--stdin-file-path=src/client/openapi.ts'], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
}
