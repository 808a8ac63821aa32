import { Type } from 'typebox';
import { NUMBER_NAME } from '../../../base/files/directory.js';

/** Path parameters of a version. */
export const VersionParams = Type.Object({
  version: Type.String({ pattern: NUMBER_NAME.source, description: 'number of a version' }),
});
