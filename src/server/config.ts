import { type Static, type TStringOptions, Type } from 'typebox';
import { Value } from 'typebox/value';
import { show } from '../base/domain-error.js';
import { ENGINE_NAMES } from '../model/engines/load-engine.js';

const choice = (names: readonly string[], fallback: string, description: string) =>
  Type.Enum([...names], { default: fallback, description });

const integer = (fallback: number, minimum: number, description: string, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ default: fallback, minimum, maximum, description });

const text = (fallback: string, description: string, limits: TStringOptions = {}) =>
  Type.String({ default: fallback, description, ...limits });

/** The package's own table, relative to its root. */
export const OWN_TABLE = 'data/auto-mpg.csv';

/** All settings. `.env.example` lists the same names and defaults; a test compares them. */
export const ConfigSchema = Type.Object({
  HOST: text(
    '',
    'address to listen on; if empty, 127.0.0.1 and ::1, which only this machine reaches; another one requires AUTH',
  ),
  PORT: integer(8080, 0, 'port to listen on; 0 selects a free one', 65535),
  ADMIN_PORT: integer(
    0,
    0,
    'another port, which alone answers all but predictions, feedback and health checks; 0 for none',
    65535,
  ),
  HEALTH_PORT: integer(
    0,
    0,
    'port at which a thread of its own answers /livez and /readyz, however busy the service is; 0 for none',
    65535,
  ),
  AUTH: text(
    '',
    'credentials that are required: a list of keys, oidc and mtls; off for none; if empty, those that have settings',
  ),
  ALLOWED_HOSTS: text(
    '',
    'names by which clients may address the service, separated by commas, beside localhost, addresses and the name of its machine; ' +
      '*.example.com stands for all names below it, * for any',
  ),
  CORS_ORIGINS: text(
    '',
    'origins such as https://app.example.com, separated by commas, whose pages may request predictions',
  ),
  API_KEYS: text('', 'file of the API keys, made with `npm run keys -- create`; read again when it changes'),
  TLS_CERT: text('', "PEM file of the server's certificate and its issuers', for HTTPS; read again when it changes"),
  TLS_KEY: text('', 'PEM file of its key'),
  TLS_CLIENT_CA: text('', "PEM file of the issuers of clients' certificates, for AUTH=mtls"),
  OIDC_ISSUER: text('', 'URL of the OpenID Connect issuer, exactly as the issuer writes it'),
  OIDC_AUDIENCE: text('', 'audience of the access tokens that programs send; if empty, none are accepted'),
  OIDC_CLIENT_ID: text('', "client of the page at the issuer; if empty, the page's users cannot sign in there"),
  OIDC_CLIENT_SECRET: text('', 'file with the secret of that client, read at each sign-in; empty for a public client'),
  OIDC_REDIRECT_URI: text(
    '',
    'address of /session/callback as browsers see it and as the issuer has it; if empty, by the headers of the request',
  ),
  OIDC_SCOPE_CLAIM: text('', 'claim of tokens that names scopes, such as realm_access.roles; if empty, scope and scp'),
  OIDC_SCOPE_PREFIX: text('', 'what precedes a scope in its name at the issuer; names without it do not count'),
  OIDC_SIGN_IN_SCOPES: text('', 'scopes of users whose ID token names none, separated by commas; if empty, none'),
  TRUST_PROXY: text(
    '',
    'addresses and subnets of proxies whose X-Forwarded-For is believed, separated by commas; empty for none',
  ),
  LIMIT_REQUESTS: integer(0, 0, 'requests a second of one client; 0 for no limit'),
  LIMIT_ROWS: integer(0, 0, 'rows to predict a second of one client; 0 for no limit'),
  LIMIT_TRAININGS: integer(4, 0, 'trainings that one client may request at once; 0 for no limit'),
  LIMIT_UPLOADS: integer(4, 0, 'versions that one client may upload at once; 0 for no limit'),
  LIMIT_SCRATCH: integer(2 ** 32, 0, 'bytes of tables that one client may have on the disk at once; 0 for no limit'),
  LIMIT_EVENT_STREAMS: integer(500, 0, 'event streams that one client may follow at once; 0 for no limit'),
  LIMIT_CONNECTIONS: integer(0, 0, 'connections of one address; 0 for three quarters of all'),
  AUDIT_LOG: text('off', 'where changes are recorded: a file, stdout between the lines of the log, or off', {
    minLength: 1,
  }),
  MODEL_STORE: text('models', 'directory of the model versions', { minLength: 1 }),
  MODEL_NAME: text('reconstruction_regressor', 'name of the model and of its directory in the store', {
    pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*$',
  }),
  KEEP_VERSIONS: integer(10, 1, 'number of newest versions to retain, besides those that serve or have an alias'),
  TRAIN_DATA: text(
    OWN_TABLE,
    'CSV to train the first model on if the store is empty; an empty one means none, and so does a missing one beside MODEL_STORE or MODEL_NAME',
  ),
  TRAIN_TARGET: text('mpg', 'target column of TRAIN_DATA, or several, separated by commas', { minLength: 1 }),
  TRAIN_PROMOTE: choice(
    ['gate', 'always'],
    'gate',
    'always: the model of TRAIN_DATA serves even if it is not shown to predict better than the mean',
  ),
  ON_MISSING: choice(
    ['refuse', 'mean'],
    'refuse',
    'null in a prediction request: refuse it with a 400, or replace it with the training mean, which counts as drift',
  ),
  DRIFT_ROWS_BETWEEN_FALSE_ALARMS: integer(
    100_000,
    2500,
    'average number of rows without drift between two false alarms',
  ),
  DRIFT_WINDOW_ROWS: integer(500, 50, 'rows of a window that is tested for drift'),
  DRIFT_FEATURES_WITH_BINS: integer(
    50,
    0,
    'maximum features with histograms in the metrics, about 45 series each; with more features, none has one',
  ),
  FEEDBACK_STORE: text('', 'local directory of the labelled rows; if empty, .feedback in the directory of the model'),
  FEEDBACK_ROWS: integer(100_000, 1, 'number of labelled rows to store; as many again may wait for their targets'),
  FEEDBACK_DAYS: integer(30, 1, 'number of days to store them', 36_500),
  FEEDBACK_LEAST_ROWS: integer(500, 10, 'minimum labelled rows for RETRAIN to start a training'),
  GATE_TOLERANCE: Type.Number({
    default: 0.05,
    minimum: 0,
    maximum: 10,
    description: 'how much worse than the serving version a new one may be and still serve, as a share of the RMSE',
  }),
  RETRAIN: choice(['off', 'on_drift'], 'off', 'on_drift: a drift alarm starts a training on the labelled rows'),
  RETRAIN_COOLDOWN: integer(3600, 0, 'minimum seconds between two trainings that RETRAIN starts'),
  ENGINE: choice(ENGINE_NAMES, 'auto', 'engine that computes predictions; auto selects the WebAssembly kernel'),
  FLATTEN: choice(
    ['false', 'true'],
    'false',
    'true: clients of TensorFlow Serving receive the predictions of one target as numbers, not as arrays of one',
  ),
  FAST_PATH: choice(
    ['on', 'off'],
    'on',
    'whether common predictions are answered ahead of the web framework, by writing to the socket directly',
  ),
  KEEP_ALIVE_TIMEOUT: integer(
    72,
    1,
    'seconds for which a connection without requests stays open; must exceed the idle time-out of a load balancer in front',
    86_400,
  ),
  SHUTDOWN_DELAY: integer(
    0,
    0,
    'seconds for which the service answers on after SIGTERM, while load balancers notice that it is not ready any more',
    3600,
  ),
  BODY_LIMIT: integer(16 * 2 ** 20, 1024, 'maximum request body, in bytes'),
  TRAIN_BODY_LIMIT: integer(2 ** 30, 1024, 'maximum CSV, Arrow stream or Parquet file to train on, in bytes'),
  TRAIN_MAX_ROWS: integer(10_000_000, 1, 'maximum rows of such a table, including those that are left out'),
  MAX_ROWS: integer(100_000, 1, 'maximum rows of one prediction request'),
  LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info', 'minimum level to log'),
});

type Checked = Static<typeof ConfigSchema>;
export type Config = Readonly<Omit<Checked, 'ENGINE'> & { ENGINE: (typeof ENGINE_NAMES)[number] }>;

/** Reads the configuration once. Throws an Error that names each invalid variable and what was expected. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  // An empty variable, as compose files set, counts as not set.
  const names = Object.keys(ConfigSchema.properties).filter((name) => env[name]);
  const values = Object.fromEntries(names.map((name) => [name, parse(name, env[name]!)]));
  // Whoever names a model means that one: if it is not there, a model of cars must not answer in its place.
  if (!env['TRAIN_DATA'] && (env['TRAIN_DATA'] === '' || env['MODEL_STORE'] || env['MODEL_NAME'])) {
    values['TRAIN_DATA'] = '';
  }
  return checkedConfig(values, (name, expected) => `${name} ${expected}, got ${show(env[name])}`);
}

/**
 * Adds the defaults to settings. Throws an Error with what `complain` says of each invalid one, from what was expected and the value that
 * was found.
 */
export function checkedConfig(
  values: object,
  complain: (name: string, expected: string, value: string) => string,
): Config {
  const config = Value.Default(ConfigSchema, { ...values }) as Config;
  const errors = Value.Errors(ConfigSchema, config).map(({ keyword, instancePath, message, params }) => {
    const name = instancePath.slice(1) as keyof Config;
    const expected = keyword === 'enum' ? `must be one of ${params.allowedValues.join(', ')}` : message;
    return complain(name, expected, show(config[name]));
  });
  if (errors.length > 0) throw new Error(errors.join('; '));
  return Object.freeze(config);
}

/** Parses a setting of a numeric type, because the environment holds text only. Invalid numbers stay text. */
function parse(name: string, text: string): string | number {
  const schema: object = ConfigSchema.properties[name as keyof typeof ConfigSchema.properties];
  const digits = Type.IsInteger(schema) ? /^-?\d{1,15}$/ : Type.IsNumber(schema) ? /^-?\d{1,15}(\.\d{1,15})?$/ : /$^/;
  return digits.test(text) ? Number(text) : text;
}
