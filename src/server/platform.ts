import { DomainError, show } from '../base/domain-error.js';
import type { VertexRoutes } from './protocols/vertex/vertex.js';

/** SageMaker's default directory for the container's input and output. */
const SAGEMAKER_BASE = '/opt/ml';

/** Settings of the platform that starts the container, from the platform's own variables. */
export interface Platform {
  /** The environment, with the platform's values under the names of our settings. */
  readonly environment: NodeJS.ProcessEnv;
  /** SageMaker's directory. */
  readonly base: string;
  /** SageMaker's name of the training, for the log. */
  readonly trainingJob: string | undefined;
  /** Directory with the files of a version to serve, if it exists. */
  readonly artifact: string | undefined;
  /** Address of an artifact that is not a local path and cannot be read, for the log. */
  readonly remoteArtifact: string | undefined;
  readonly vertex: VertexRoutes | undefined;
  /** Leave out routes that change state. */
  readonly readOnly: boolean;
}

/** No platform: a person starts the process. */
export const NO_PLATFORM: Platform = {
  environment: {},
  base: SAGEMAKER_BASE,
  trainingJob: undefined,
  artifact: undefined,
  remoteArtifact: undefined,
  vertex: undefined,
  readOnly: false,
};

/**
 * Settings on a platform, unless they are set: it runs the container in a network of its own, decides who may send requests, and
 * sends them under names that it does not announce.
 */
const BEHIND_PLATFORM = { HOST: '0.0.0.0', AUTH: 'off', ALLOWED_HOSTS: '*' };

/**
 * Reads the variables of Vertex AI (`AIP_…`), and those of SageMaker if the container was started with its argument `serve`.
 * Throws `INVALID_REQUEST`, naming the invalid variable.
 */
export function readPlatform(environment: NodeJS.ProcessEnv, serve: boolean): Platform {
  const { AIP_MODE, AIP_HTTP_PORT, AIP_STORAGE_URI = '', SAGEMAKER_BIND_TO_PORT } = environment;
  const { SAGEMAKER_BASE_DIR, TRAINING_JOB_NAME } = environment;
  const base = SAGEMAKER_BASE_DIR || SAGEMAKER_BASE;
  const port = AIP_HTTP_PORT || (serve && SAGEMAKER_BIND_TO_PORT);
  const prediction = AIP_MODE === 'PREDICTION';
  const local = AIP_STORAGE_URI.replace(/^file:\/\//, '');
  const remote = /^[a-z][a-z0-9+.-]*:\/\//i.test(local);
  const vertex = vertexRoutes(environment, prediction);
  // An empty variable counts as not set, but an empty TRAIN_DATA means none.
  const set = Object.entries(environment).filter(([name, value]) => value || (name === 'TRAIN_DATA' && value === ''));
  const defaults = {
    ...(serve || vertex || AIP_HTTP_PORT ? BEHIND_PLATFORM : {}),
    // A platform brings its model: the demo's must not answer in its place.
    ...(serve || vertex || AIP_HTTP_PORT || AIP_STORAGE_URI || AIP_MODE ? { TRAIN_DATA: '' } : {}),
  };
  return {
    environment: { ...defaults, ...Object.fromEntries(set), ...(port ? { PORT: port } : {}) },
    base,
    trainingJob: TRAINING_JOB_NAME || undefined,
    artifact: local && !remote ? local : serve ? `${base}/model` : undefined,
    remoteArtifact: remote ? local : undefined,
    vertex,
    readOnly: prediction,
  };
}

function vertexRoutes(environment: NodeJS.ProcessEnv, prediction: boolean): VertexRoutes | undefined {
  const { AIP_ENDPOINT_ID, AIP_DEPLOYED_MODEL_ID } = environment;
  const model = `/v1/endpoints/${AIP_ENDPOINT_ID || 'ENDPOINT'}/deployedModels/${AIP_DEPLOYED_MODEL_ID || 'DEPLOYED_MODEL'}`;
  const { AIP_PREDICT_ROUTE, AIP_HEALTH_ROUTE } = environment;
  if (!prediction && !AIP_PREDICT_ROUTE && !AIP_HEALTH_ROUTE) return undefined;
  return {
    predict: path('AIP_PREDICT_ROUTE', AIP_PREDICT_ROUTE || `${model}:predict`),
    health: path('AIP_HEALTH_ROUTE', AIP_HEALTH_ROUTE || model),
  };
}

function path(name: string, value: string): string {
  if (/^\/[\w.~:@!$&'+,;=/-]*$/.test(value)) return value;
  throw new DomainError('INVALID_REQUEST', `${name} must be a path that starts with /, got ${show(value)}`);
}
