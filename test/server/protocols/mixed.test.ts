import { buildMixedApp } from '../../support/mixed-app.js';
import { testGolden } from './golden.js';

testGolden('mixed', { vertex: { predict: '/vertex:predict', health: '/vertex' } }, buildMixedApp);
