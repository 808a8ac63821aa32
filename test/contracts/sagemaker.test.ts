import { testGolden } from './golden.js';

testGolden('sagemaker');
