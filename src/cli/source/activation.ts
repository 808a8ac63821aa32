import type { Config } from '../../server/config.js';
import { type Activated, activated } from '../../server/service/versions/model-loader.js';
import { auditChange } from '../audit/audit-change.js';
import { localService } from './local-service.js';

/** Puts a version of a store into production, once it has been verified. Throws as `ModelLoader.activate`. */
export async function activateInStore(config: Config, version: number): Promise<Activated> {
  const { loader } = await localService(config);
  const event = { action: 'activate', target: String(version) } as const;
  return activated(await auditChange(config.AUDIT_LOG, event, 'nothing is activated', () => loader.activate(version)));
}

/** Puts the previous version of a store into production again. Throws as `ModelLoader.rollback`. */
export async function rollBackStore(config: Config): Promise<Activated> {
  const { loader } = await localService(config);
  const event = { action: 'rollback', target: null } as const;
  return activated(await auditChange(config.AUDIT_LOG, event, 'nothing is activated', () => loader.rollback()));
}
