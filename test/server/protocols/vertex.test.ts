import { testGolden } from './golden.js';

const model = '/v1/endpoints/7/deployedModels/9';
testGolden('vertex', { vertex: { predict: `${model}:predict`, health: model }, readOnly: true });
