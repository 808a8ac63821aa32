/**
 * Options of the plugin: settings of the service that concern a model, by their names in camel case. Who may send requests, and how
 * many, is up to the application.
 */
export interface ReconstructionRegressorOptions {
  /** Where the model's routes are, such as `/models/price`. */
  readonly prefix?: string;
  /** Directory of the model versions. Default: `models`. */
  readonly modelStore?: string;
  /**
   * Name of the model, of its directory in the store, and in the label `model` of its metrics. Default: `reconstruction_regressor`; in the
   * label, the last part of the prefix.
   */
  readonly modelName?: string;
  /** Number of newest versions to retain, besides those that serve or have an alias. Default: 10. */
  readonly keepVersions?: number;
  /** CSV to train the first model on if the store is empty. Default: none. */
  readonly trainData?: string;
  /** Target column of `trainData`, or several, separated by commas. */
  readonly trainTarget?: string;
  /** `always`: that model serves even if it is not shown to predict better than the mean. Default: `gate`. */
  readonly trainPromote?: 'gate' | 'always';
  /** `null` in a prediction request: refuse it with a 400, or replace it with the training mean. Default: `refuse`. */
  readonly onMissing?: 'refuse' | 'mean';
  /** Average number of rows without drift between two false alarms. Default: 100,000. */
  readonly driftRowsBetweenFalseAlarms?: number;
  /** Rows of a window that is tested for drift. Default: 500. */
  readonly driftWindowRows?: number;
  /** Maximum features with histograms in the metrics. Default: 50. */
  readonly driftFeaturesWithBins?: number;
  /** Local directory of the labelled rows. Default: `.feedback` in the directory of the model. */
  readonly feedbackStore?: string;
  /** Number of labelled rows to store. Default: 100,000. */
  readonly feedbackRows?: number;
  /** Number of days to store them. Default: 30. */
  readonly feedbackDays?: number;
  /** Minimum labelled rows for `retrain` to start a training. Default: 500. */
  readonly feedbackLeastRows?: number;
  /** How much worse than the serving version a new one may be and still serve, as a share of the RMSE. Default: 0.05. */
  readonly gateTolerance?: number;
  /** `on_drift`: a drift alarm starts a training on the labelled rows. Default: `off`. */
  readonly retrain?: 'off' | 'on_drift';
  /** Minimum seconds between two trainings that `retrain` starts. Default: 3600. */
  readonly retrainCooldown?: number;
  /** What computes predictions; all but `auto` and `kernel` need the packages of TensorFlow.js. Default: `auto`. */
  readonly engine?: 'auto' | 'kernel' | 'tfjs' | 'tensorflow' | 'wasm' | 'cpu';
  /** `true`: clients of TensorFlow Serving receive the predictions of one target as numbers. Default: `false`. */
  readonly flatten?: boolean;
  /** Maximum request body, in bytes. Default: 16 MiB. */
  readonly bodyLimit?: number;
  /** Maximum table to train on, in bytes. Default: 1 GiB. */
  readonly trainBodyLimit?: number;
  /** Maximum rows of such a table. Default: 10,000,000. */
  readonly trainMaxRows?: number;
  /** Maximum rows of one prediction request. Default: 100,000. */
  readonly maxRows?: number;
}
