import { testGolden } from './golden.js';

testGolden('open-inference');
