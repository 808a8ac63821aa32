/** The header with the number of the request's named columns that the model does not have. */
export const IGNORED_COLUMNS = 'x-ignored-columns';
