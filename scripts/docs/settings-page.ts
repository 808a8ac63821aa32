import { ConfigSchema } from '../../src/server/config.js';

/** Settings by what they concern, in the order of the page. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'Where it listens': ['HOST', 'PORT', 'ADMIN_PORT', 'HEALTH_PORT', 'ALLOWED_HOSTS', 'CORS_ORIGINS', 'TRUST_PROXY'],
  'Who may use it': ['AUTH', 'API_KEYS', 'TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA', 'AUDIT_LOG'],
  'OpenID Connect': [
    'OIDC_ISSUER',
    'OIDC_AUDIENCE',
    'OIDC_CLIENT_ID',
    'OIDC_CLIENT_SECRET',
    'OIDC_REDIRECT_URI',
    'OIDC_SCOPE_CLAIM',
    'OIDC_SCOPE_PREFIX',
    'OIDC_SIGN_IN_SCOPES',
  ],
  'The model': [
    'MODEL_STORE',
    'MODEL_NAME',
    'KEEP_VERSIONS',
    'TRAIN_DATA',
    'TRAIN_TARGET',
    'TRAIN_PROMOTE',
    'ENGINE',
    'ON_MISSING',
    'FLATTEN',
  ],
  'Training and the gate': ['GATE_TOLERANCE', 'RETRAIN', 'RETRAIN_COOLDOWN', 'TRAIN_BODY_LIMIT', 'TRAIN_MAX_ROWS'],
  Drift: ['DRIFT_ROWS_BETWEEN_FALSE_ALARMS', 'DRIFT_WINDOW_ROWS', 'DRIFT_FEATURES_WITH_BINS'],
  Feedback: ['FEEDBACK_STORE', 'FEEDBACK_ROWS', 'FEEDBACK_DAYS', 'FEEDBACK_LEAST_ROWS'],
  'What one client may use': [
    'LIMIT_REQUESTS',
    'LIMIT_ROWS',
    'LIMIT_TRAININGS',
    'LIMIT_UPLOADS',
    'LIMIT_SCRATCH',
    'LIMIT_EVENT_STREAMS',
    'LIMIT_CONNECTIONS',
  ],
  'Requests and connections': ['BODY_LIMIT', 'MAX_ROWS', 'KEEP_ALIVE_TIMEOUT', 'SHUTDOWN_DELAY', 'FAST_PATH'],
  Log: ['LOG_LEVEL'],
};

interface Setting {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default: string | number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description: string;
}

/** Returns the tables of all settings as Markdown. Throws if a setting is in no group, or in two, or if a group names no setting. */
export function settingsTables(): string {
  const settings = ConfigSchema.properties as unknown as Readonly<Record<string, Setting>>;
  const grouped = Object.values(GROUPS).flat();
  const different = [...Object.keys(settings), ...grouped].filter(
    (name) => !(name in settings) || grouped.filter((each) => each === name).length !== 1,
  );
  if (different.length > 0) throw new Error(`scripts/docs/settings-page.ts must have each setting once: ${different}`);
  return Object.entries(GROUPS)
    .map(([title, names]) => {
      const rows = names.map((name) => row(name, settings[name]!));
      return `## ${title}\n\n| setting | default | values | |\n| --- | --- | --- | --- |\n${rows.join('')}`;
    })
    .join('\n');
}

function row(name: string, setting: Setting): string {
  const fallback = setting.default === '' ? 'empty' : `\`${setting.default}\``;
  return `| \`${name}\` | ${fallback} | ${values(setting)} | ${setting.description} |\n`;
}

function values({ type, enum: names, minimum, maximum }: Setting): string {
  if (names) return names.map((name) => `\`${name}\``).join(', ');
  if (type === 'string') return 'text';
  const kind = type === 'integer' ? 'integer' : 'number';
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  return isBounded ? `${kind}, ${minimum} to ${maximum}` : `${kind}, at least ${minimum}`;
}
