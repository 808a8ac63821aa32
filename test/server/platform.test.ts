import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlatform } from '../../src/server/platform.js';

test('without a platform nothing is different', () => {
  const environment = { PORT: '9000', HOST: 'localhost' };
  const { vertex, artifact, remoteArtifact, readOnly, ...rest } = readPlatform(environment, false);
  assert.deepEqual(rest.environment, environment);
  assert.deepEqual([vertex, artifact, remoteArtifact, readOnly], [undefined, undefined, undefined, false]);
});

test("Vertex AI's variables are read", () => {
  const platform = readPlatform(
    {
      AIP_MODE: 'PREDICTION',
      AIP_HTTP_PORT: '8085',
      AIP_PREDICT_ROUTE: '/predict',
      AIP_HEALTH_ROUTE: '/health',
      AIP_STORAGE_URI: '/mnt/model',
      PORT: '9000',
    },
    false,
  );
  assert.equal(platform.environment['PORT'], '8085');
  assert.deepEqual(platform.vertex, { predict: '/predict', health: '/health' });
  assert.equal(platform.artifact, '/mnt/model');
  assert.equal(platform.readOnly, true);
});

test("without routes, those of the platform's own names are taken", () => {
  const { vertex } = readPlatform(
    { AIP_MODE: 'PREDICTION', AIP_ENDPOINT_ID: '12', AIP_DEPLOYED_MODEL_ID: '34', AIP_STORAGE_URI: '' },
    false,
  );
  const model = '/v1/endpoints/12/deployedModels/34';
  assert.deepEqual(vertex, { predict: `${model}:predict`, health: model });
});

test('an address of a cloud is reported, and not taken for a path', () => {
  const { artifact, remoteArtifact } = readPlatform({ AIP_STORAGE_URI: 'gs://bucket/model' }, false);
  assert.equal(artifact, undefined);
  assert.equal(remoteArtifact, 'gs://bucket/model');
  assert.equal(readPlatform({ AIP_STORAGE_URI: 'file:///mnt/model' }, false).artifact, '/mnt/model');
});

test('a route that is no path is refused by its name', () => {
  for (const value of ['predict', '/a*b', '/a b', 'http://x/y']) {
    assert.throws(
      () => readPlatform({ AIP_PREDICT_ROUTE: value }, false),
      /^DomainError: AIP_PREDICT_ROUTE must be a path/,
    );
  }
});

test('SageMaker is served only if the container was started with its argument', () => {
  const environment = { SAGEMAKER_BIND_TO_PORT: '8090' };
  assert.equal(readPlatform(environment, false).environment['PORT'], undefined);
  assert.equal(readPlatform(environment, false).artifact, undefined);
  assert.equal(readPlatform(environment, true).environment['PORT'], '8090');
  assert.equal(readPlatform(environment, true).artifact, '/opt/ml/model');
});
