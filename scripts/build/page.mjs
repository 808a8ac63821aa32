import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/**
 * Builds the web page: names carry a hash of their content, and beside each file lie its brotli and gzip forms.
 *
 * @param {string} source
 * @param {string} target
 * @returns {Promise<import('esbuild').Metafile>} what it is made of
 */
export async function buildPage(source, target) {
  const { metafile } = await build({
    entryPoints: [join(source, 'main.tsx')],
    entryNames: 'page-[hash]',
    outdir: target,
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'error',
  });
  mkdirSync(target, { recursive: true });
  const built = (/** @type {string} */ ending) =>
    basename(Object.keys(metafile.outputs).find((path) => path.endsWith(ending)) ?? ending);
  const icon = readFileSync(join(source, 'icon.svg'));
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  writeFileSync(join(target, iconName), icon);
  /** @type {Readonly<Record<string, string>>} */
  const names = { icon: iconName, style: built('.css'), script: built('.js') };
  const html = readFileSync(join(source, 'index.html'), 'utf8');
  writeFileSync(
    join(target, 'index.html'),
    html.replace(/\{(\w+)\}/g, (_, name) => `page/${names[name]}`),
  );
  for (const name of readdirSync(target)) {
    const content = readFileSync(join(target, name));
    writeFileSync(join(target, `${name}.br`), brotliCompressSync(content));
    writeFileSync(join(target, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
  return metafile;
}
