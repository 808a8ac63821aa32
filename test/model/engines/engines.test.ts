import { test } from 'node:test';
import { memory } from '@tensorflow/tfjs-core';
import { testEngine } from '../../support/engine-battery.js';
import { loadTestedEngines } from '../../support/tested-engines.js';

for (const { label, create } of await loadTestedEngines()) {
  if ('missing' in create) test(label, { skip: create.missing }, () => {});
  else testEngine(label, create, () => memory().numTensors);
}
