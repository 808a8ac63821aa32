import type { RowValues } from './generated/hey-api';
import { getDrift, getVersion, predict } from './generated/hey-api';
import { client } from './generated/hey-api/client.gen';
import { check, row, values } from './row.js';

client.setConfig({ baseUrl: process.env['SERVICE_URL']! });
const { data } = await predict({ body: { instances: [row, values as RowValues] }, throwOnError: true });
check(data.predictions);
if ((await getDrift({ throwOnError: true })).data.detected) throw new Error('drift');
const { error } = await getVersion({ path: { version: '99' } });
if (error?.code !== 'VERSION_NOT_FOUND') throw new Error(JSON.stringify(error));
