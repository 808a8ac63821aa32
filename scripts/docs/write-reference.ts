import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from './command-line-page.js';
import { httpApi } from './http-api-page.js';
import { metricsTables } from './metrics-page.js';
import { readReference } from './reference-app.js';
import { withGenerated } from './reference-page.js';
import { settingsTables } from './settings-page.js';

// Writes the generated parts of docs/command-line.md, settings.md, metrics.md and http-api.md: `npm run reference`. A test compares
// them with the sources.

const DOCS = join(import.meta.dirname, '../../../docs');

const { openapi, metrics } = await readReference();
const pages = {
  'command-line': commandLine(),
  settings: settingsTables(),
  metrics: metricsTables(metrics),
  'http-api': httpApi(openapi),
};
for (const [name, text] of Object.entries(pages)) {
  const file = join(DOCS, `${name}.md`);
  writeFileSync(file, withGenerated(readFileSync(file, 'utf8'), text));
}
process.exit();
