import { type TSchema, type TSchemaOptions, Type } from 'typebox';

/** The schema of a value that may be null. */
export function nullable<T extends TSchema>(schema: T, options?: TSchemaOptions) {
  return Type.Union([schema, Type.Null()], options);
}
