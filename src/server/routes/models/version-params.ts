import { Type } from 'typebox';
import { NUMBER_NAME } from '../../../base/files/directory.js';

/** The number of a version in a path. */
export const VersionParams = Type.Object({
  version: Type.String({ pattern: NUMBER_NAME.source, description: 'number of a version' }),
});
