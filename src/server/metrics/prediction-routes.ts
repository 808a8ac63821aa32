/**
 * The patterns of the `POST` routes that do not predict, as a regular expression of the whole label `route`, for JavaScript and for
 * Prometheus. All other `POST` routes predict. They cannot be listed: the platform chooses the path of Vertex AI's predictions.
 */
export const NO_PREDICTION = [
  'none',
  '[*]',
  '/train',
  '/feedback',
  '/drift/(reset|baseline)',
  '/models(/rollback|/:version/activate)?',
  '/v1/models/[*]',
  '.*::classify',
  '/v2/repository/.*',
].join('|');
