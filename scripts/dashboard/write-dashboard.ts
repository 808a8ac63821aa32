import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDashboard } from './dashboard.js';

// Writes the dashboard that Grafana loads. Run `npm run dashboard` after a change in scripts/dashboard.

const FILE = join(import.meta.dirname, '../../../deploy/grafana/dashboards/reconstruction-regressor.json');

writeFileSync(FILE, `${JSON.stringify(buildDashboard(), null, 2)}\n`);
