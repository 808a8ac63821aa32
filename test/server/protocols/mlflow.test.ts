import { testGolden } from './golden.js';

testGolden('mlflow');
