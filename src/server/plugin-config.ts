import { DomainError } from '../base/domain-error.js';
import { type Config, checkedConfig } from './config.js';
import type { ReconstructionRegressorOptions } from './plugin-options.js';

type Option = Exclude<keyof ReconstructionRegressorOptions, 'prefix'>;

/** The settings that options stand for. */
const SETTINGS: Readonly<Record<Option, keyof Config>> = {
  modelStore: 'MODEL_STORE',
  modelName: 'MODEL_NAME',
  keepVersions: 'KEEP_VERSIONS',
  trainData: 'TRAIN_DATA',
  trainTarget: 'TRAIN_TARGET',
  trainPromote: 'TRAIN_PROMOTE',
  onMissing: 'ON_MISSING',
  driftRowsBetweenFalseAlarms: 'DRIFT_ROWS_BETWEEN_FALSE_ALARMS',
  driftWindowRows: 'DRIFT_WINDOW_ROWS',
  driftFeaturesWithBins: 'DRIFT_FEATURES_WITH_BINS',
  feedbackStore: 'FEEDBACK_STORE',
  feedbackRows: 'FEEDBACK_ROWS',
  feedbackDays: 'FEEDBACK_DAYS',
  feedbackLeastRows: 'FEEDBACK_LEAST_ROWS',
  gateTolerance: 'GATE_TOLERANCE',
  retrain: 'RETRAIN',
  retrainCooldown: 'RETRAIN_COOLDOWN',
  engine: 'ENGINE',
  flatten: 'FLATTEN',
  bodyLimit: 'BODY_LIMIT',
  trainBodyLimit: 'TRAIN_BODY_LIMIT',
  trainMaxRows: 'TRAIN_MAX_ROWS',
  maxRows: 'MAX_ROWS',
};
/** Names of the options, without those that Fastify reads. */
export const OPTIONS: readonly string[] = Object.keys(SETTINGS);
/** Options that Fastify itself reads. */
const FASTIFYS = new Set(['prefix', 'logLevel', 'logSerializers']);
/** Settings of the server, which here is the application's: it lets all requests through that the application lets through. */
const OF_APPLICATION = { AUTH: 'off', ALLOWED_HOSTS: '*', AUDIT_LOG: 'off', FAST_PATH: 'off' };

/** Reads the options of the plugin. Throws `INVALID_REQUEST`, naming the option and what was expected. */
export function readOptions(options: ReconstructionRegressorOptions): Config {
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && !FASTIFYS.has(name));
  const unknown = given.find(([name]) => !Object.hasOwn(SETTINGS, name));
  if (unknown) {
    const names = ['prefix', ...OPTIONS].join(', ');
    throw new DomainError(
      'INVALID_REQUEST',
      `reconstruction-regressor: there is no option ${unknown[0]}; expected ${names}`,
    );
  }
  if (options.trainData !== undefined && options.trainTarget === undefined) {
    throw new DomainError(
      'INVALID_REQUEST',
      'reconstruction-regressor: trainData needs trainTarget, its target column',
    );
  }
  const values = given.map(([name, value]) => [
    SETTINGS[name as Option],
    name === 'flatten' && typeof value === 'boolean' ? String(value) : value,
  ]);
  // An application of which nothing is known needs no model of cars.
  return checkedConfig(
    { TRAIN_DATA: '', ...OF_APPLICATION, ...Object.fromEntries(values) },
    (setting, expected, value) => {
      const name = Object.entries(SETTINGS).find(([, each]) => each === setting)?.[0] ?? setting;
      return `reconstruction-regressor: ${name} ${expected}, got ${value}`;
    },
  );
}
