import { createRequire } from 'node:module';

/** Set by the bundler; undefined in modules that were only compiled. */
declare const PACKAGE_VERSION: string | undefined;

/** Returns the version of this package. */
export function packageVersion(): string {
  if (typeof PACKAGE_VERSION === 'string') return PACKAGE_VERSION;
  const manifest = createRequire(import.meta.url)('reconstruction-regressor/package.json') as { version: string };
  return manifest.version;
}
