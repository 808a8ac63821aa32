/** Names of the drift groups in plain words. */
export const GROUP_NAMES: Readonly<Record<string, string>> = {
  features: 'distributions',
  guards: 'ranges and missing values',
  conditional: 'dependence between inputs',
  error: 'reconstruction error',
  prediction_error: 'prediction error, by feedback',
  interval_coverage: 'coverage of intervals',
};
