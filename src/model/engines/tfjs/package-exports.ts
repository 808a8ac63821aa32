/** What the package exports as `reconstruction-regressor/regressor`: the model as a TensorFlow.js class. */
export { Nadam } from './nadam.js';
export { ReconstructionRegressor } from './regressor.js';
