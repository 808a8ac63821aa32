import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Builds the web page from `source` into `target`: hashed names, and every file compressed twice beside itself. */
export async function buildPage(source: string, target: string): Promise<void> {
  rmSync(target, { recursive: true, force: true });
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
  const built = (ending: string) => Object.keys(metafile.outputs).find((path) => path.endsWith(ending))!;
  const icon = readFileSync(join(source, 'icon.svg'));
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  writeFileSync(join(target, iconName), icon);
  const names: Readonly<Record<string, string>> = {
    icon: iconName,
    style: built('.css').split('/').at(-1)!,
    script: built('.js').split('/').at(-1)!,
  };
  const html = readFileSync(join(source, 'index.html'), 'utf8');
  writeFileSync(
    join(target, 'index.html'),
    html.replace(/\{(\w+)\}/g, (_, name: string) => `page/${names[name]}`),
  );
  for (const name of readdirSync(target)) {
    const content = readFileSync(join(target, name));
    writeFileSync(join(target, `${name}.br`), brotliCompressSync(content));
    writeFileSync(join(target, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}

/** Puts a built page beside the bundle of the service. */
export function copyPage(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}
