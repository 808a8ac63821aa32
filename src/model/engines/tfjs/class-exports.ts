export { Nadam } from './nadam.js';
export { ReconstructionRegressor } from './regressor.js';
