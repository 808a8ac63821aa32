/** The exports of `reconstruction-regressor/regressor`: the model as a TensorFlow.js class, and its optimiser. */
export { Nadam } from './nadam.js';
export { ReconstructionRegressor } from './regressor.js';
