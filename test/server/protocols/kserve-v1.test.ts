import { testGolden } from './golden.js';

testGolden('kserve-v1');
