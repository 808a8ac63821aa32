import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTemporaryApp } from '../docs/temporary-app.js';
import { matrix, rowsOf, withMatrix } from './permissions.js';

// Writes the permission matrix into docs/security.md: `npm run permissions`. A test compares it with what the service does.

const PAGE = join(import.meta.dirname, '../../../docs/security.md');

// The paths that Vertex AI chooses, by the names of its variables.
const vertex = { predict: '/AIP_PREDICT_ROUTE', health: '/AIP_HEALTH_ROUTE' };
const table = await withTemporaryApp(async (app) => matrix(rowsOf(app.permissions)), { vertex });
writeFileSync(PAGE, withMatrix(readFileSync(PAGE, 'utf8'), table));
process.stdout.write(table);
