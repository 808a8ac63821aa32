import { type Static, Type } from 'typebox';
import { nullable } from '../../base/json/nullable.js';

/** Errors of one target, in its units. */
const TargetMetricsSchema = Type.Object(
  {
    rmse: Type.Number(),
    mae: Type.Number(),
    /** Mean of prediction - target. Older versions have none. */
    bias: Type.Optional(Type.Number()),
    /** 1 - residual sum of squares / total sum of squares about the evaluated rows' mean; null if that total is 0. */
    r2: nullable(Type.Number()),
    /** For the same rows, if each was predicted as the mean of the training targets. */
    baseline_rmse: Type.Number(),
    baseline_mae: Type.Number(),
  },
  { 'x-schema': 'TargetMetrics' },
);
export type TargetMetrics = Static<typeof TargetMetricsSchema>;

/** A model's errors on held-out rows. */
export const MetricsSchema = Type.Object(
  {
    rows: Type.Integer(),
    /** Mean squared prediction error over rows and targets, in standardised units. Early stopping watches it. */
    prediction_error: Type.Number(),
    /** Mean squared reconstruction error over rows and features, in standardised units. */
    reconstruction_error: Type.Number(),
    /** The same, if every feature was reconstructed as its training mean. */
    baseline_reconstruction_error: Type.Number(),
    /** `prediction_error + auxiliary weight × reconstruction_error` */
    loss: Type.Number(),
    targets: Type.Record(Type.String(), TargetMetricsSchema),
  },
  { 'x-schema': 'Metrics' },
);
export type Metrics = Static<typeof MetricsSchema>;

/** One epoch of a training. */
export const EpochSchema = Type.Object(
  {
    /** Counted from 1. */
    epoch: Type.Integer(),
    /** Mean over the epoch's batches while they were trained on, as Keras reports it. */
    loss: Type.Number(),
    reconstruction_error: Type.Number(),
    /** On the held-out rows after the epoch, in standardised units. */
    val_loss: Type.Number(),
    val_prediction_error: Type.Number(),
    val_reconstruction_error: Type.Number(),
  },
  { 'x-schema': 'Epoch' },
);
export type Epoch = Static<typeof EpochSchema>;
