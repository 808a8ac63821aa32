import { createRequire } from 'node:module';

/** Set by the bundler. Modules that only the compiler has touched read package.json instead. */
declare const PACKAGE_VERSION: string | undefined;

/** Version of this package. */
export function packageVersion(): string {
  if (typeof PACKAGE_VERSION === 'string') return PACKAGE_VERSION;
  const own = createRequire(import.meta.url)('reconstruction-regressor/package.json') as { version: string };
  return own.version;
}
