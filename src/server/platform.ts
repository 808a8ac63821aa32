import { DomainError, show } from '../base/domain-error.js';
import type { VertexRoutes } from './protocols/vertex/vertex.js';

/** Where SageMaker puts what a container reads, and takes what it writes, unless it says otherwise. */
const SAGEMAKER_BASE = '/opt/ml';

/** What a platform that starts the container has decided, in its own variables. */
export interface Platform {
  /** The environment, with our names for what it has named otherwise. */
  readonly environment: NodeJS.ProcessEnv;
  /** SageMaker's directory. */
  readonly base: string;
  /** What SageMaker calls the training, for the log. */
  readonly trainingJob: string | undefined;
  /** A directory with the files of a version, to be served if it is there. */
  readonly artifact: string | undefined;
  /** What the artifact is, if it cannot be read: an address, for the log. */
  readonly remoteArtifact: string | undefined;
  readonly vertex: VertexRoutes | undefined;
  /** Whether routes that change state are not to be had. */
  readonly readOnly: boolean;
}

/**
 * Reads the variables of Vertex AI (`AIP_…`), and of SageMaker if the container was started with its argument `serve`.
 * Throws `INVALID_REQUEST` naming a variable that makes no sense.
 */
export function readPlatform(environment: NodeJS.ProcessEnv, serve: boolean): Platform {
  const { AIP_MODE, AIP_HTTP_PORT, AIP_STORAGE_URI = '', SAGEMAKER_BIND_TO_PORT } = environment;
  const { SAGEMAKER_BASE_DIR, TRAINING_JOB_NAME } = environment;
  const base = SAGEMAKER_BASE_DIR || SAGEMAKER_BASE;
  const port = AIP_HTTP_PORT || (serve && SAGEMAKER_BIND_TO_PORT);
  const prediction = AIP_MODE === 'PREDICTION';
  const local = AIP_STORAGE_URI.replace(/^file:\/\//, '');
  const remote = /^[a-z][a-z0-9+.-]*:\/\//i.test(local);
  return {
    environment: port ? { ...environment, PORT: port } : environment,
    base,
    trainingJob: TRAINING_JOB_NAME || undefined,
    artifact: local && !remote ? local : serve ? `${base}/model` : undefined,
    remoteArtifact: remote ? local : undefined,
    vertex: vertexRoutes(environment, prediction),
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
  throw new DomainError('INVALID_REQUEST', `${name} must be a path that begins with /, got ${show(value)}`);
}
