import { initialWeights } from '../../src/model/network/initial-weights.js';
import type { Shape } from '../../src/model/network/shape.js';
import { DEFAULT_TRAINING } from '../../src/model/training/training-options.js';
import type { NewVersion } from '../../src/model/versions/version.js';

/** A small untrained version: two features, one target, two hidden layers, scalers that are not the identity, no baseline. */
export function sampleVersion(seed = 1): NewVersion {
  const shape: Shape = { inputs: 2, outputs: 1, hidden: [3, 4], auxiliaryWeight: 0.05 };
  return {
    shape,
    weights: initialWeights(shape, seed),
    scalers: { features: { mean: [1, -20], scale: [2, 0.5] }, targets: { mean: [100], scale: [10] } },
    baseline: null,
    card: {
      created_at: '2025-01-01T00:00:00.000Z',
      features: ['a', 'b'],
      targets: ['y'],
      training: { engine: 'kernel', ...DEFAULT_TRAINING, seed, best_epoch: 1, seconds: 0.5 },
      data: {
        fingerprint: 'f',
        rows: 10,
        dropped: 1,
        missing: { a: 1, b: 0, y: 0 },
        training_rows: 8,
        validation_rows: 2,
      },
      metrics: {
        rows: 2,
        prediction_error: 0.5,
        reconstruction_error: 0.25,
        baseline_reconstruction_error: 1,
        loss: 0.5125,
        targets: { y: { rmse: 7, mae: 5, r2: null, baseline_rmse: 10, baseline_mae: 8 } },
      },
      history: [
        {
          epoch: 1,
          loss: 1,
          reconstruction_error: 1,
          val_loss: 0.5125,
          val_prediction_error: 0.5,
          val_reconstruction_error: 0.25,
        },
      ],
      software: { node: '20.19.0' },
    },
  };
}
