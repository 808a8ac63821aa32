import { withTensorflow } from '../tensorflow-packages.js';

/** The exports of `reconstruction-regressor/regressor`: the model as a TensorFlow.js class, and its optimiser. */
export const { Nadam, ReconstructionRegressor } = await withTensorflow(() => import('./class-exports.js'));
