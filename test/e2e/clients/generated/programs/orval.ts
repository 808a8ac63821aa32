import { getDrift, getVersion, predict } from './generated/orval';
import { check, row, values } from './row.js';

const predicted = await predict({ instances: [row, values] });
if (predicted.status !== 200) throw new Error(predicted.data.error);
check(predicted.data.predictions);
const drift = await getDrift();
if (drift.status !== 200 || drift.data.detected) throw new Error('drift');
const missing = await getVersion('99');
if (missing.status !== 404 || missing.data.code !== 'VERSION_NOT_FOUND') throw new Error(JSON.stringify(missing));
