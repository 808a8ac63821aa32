import createClient from 'openapi-fetch';
import type { paths } from './generated/openapi-typescript.js';
import { check, row, values } from './row.js';

const client = createClient<paths>({ baseUrl: process.env['SERVICE_URL']! });
const { data, error } = await client.POST('/predict', { body: { instances: [row, values] } });
if (error) throw new Error(error.error);
check(data.predictions);
const { data: drift } = await client.GET('/drift');
if (drift?.detected !== false) throw new Error('drift');
const missing = await client.GET('/models/{version}', { params: { path: { version: '99' } } });
if (missing.error?.code !== 'VERSION_NOT_FOUND') throw new Error(JSON.stringify(missing.error));
