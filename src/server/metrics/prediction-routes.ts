/**
 * Patterns of the routes of `POST` that predict nothing, as a regular expression of the whole label `route`, for JavaScript
 * and for Prometheus. The others are told apart by it, for the path of Vertex AI's predictions is the platform's choice.
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
