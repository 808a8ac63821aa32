import { testGolden } from './golden.js';

testGolden('tensorflow-serving');
