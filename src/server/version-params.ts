import { Type } from 'typebox';

/** The number of a version in a path. */
export const VersionParams = Type.Object({
  version: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'number of a version' }),
});
