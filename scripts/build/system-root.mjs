// Makes the root of an image that holds Node.js, and of the system only what Node.js and native packages need to run: no shell, no
// package manager, nothing to download with. usage: node scripts/build/system-root.mjs ROOT [NATIVE…]
//
// NATIVE are shared libraries whose own libraries are needed, too. Scanners find the versions of the Debian packages in
// /var/lib/dpkg/status.d, where images without a package manager list them.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [target, ...natives] = process.argv.slice(2);
if (!target) throw new Error('usage: system-root.mjs ROOT [NATIVE…]');

const PASSWD = 'root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000::/home/node:/sbin/nologin\n';
const GROUP = 'root:x:0:\nnode:x:1000:\n';

const libraries = new Set([process.execPath, ...natives].flatMap(librariesOf));
for (const path of [process.execPath, ...libraries, '/etc/os-release']) copy(path);
for (const name of new Set([...libraries].map(packageOf))) {
  const status = execFileSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  write(`/var/lib/dpkg/status.d/${name.replace(/:.*/, '')}`, status);
}
write('/etc/passwd', PASSWD);
write('/etc/group', GROUP);
// Names in /etc/hosts before those of the DNS.
write('/etc/nsswitch.conf', 'hosts: files dns\n');
mkdirSync(join(target, 'tmp'), { recursive: true });
chmodSync(join(target, 'tmp'), 0o1777);

/**
 * The shared libraries of a program or library, with the loader.
 *
 * @param {string} path
 */
function librariesOf(path) {
  const lines = execFileSync('ldd', [path], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(?:^|=>)\s*(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/**
 * The Debian package that a library belongs to. Its list may name the library below /usr or not: both are the same folder.
 *
 * @param {string} path
 */
function packageOf(path) {
  const real = realpathSync(path);
  for (const name of [real, real.replace(/^\/usr/, '')]) {
    try {
      const found = execFileSync('dpkg-query', ['--search', name], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return /** @type {string} */ (found.split(': ')[0]);
    } catch {
      // Not under this name.
    }
  }
  throw new Error(`${path} belongs to no package`);
}

/** @param {string} path */
function copy(path) {
  const copied = join(/** @type {string} */ (target), path);
  if (existsSync(copied)) return;
  mkdirSync(dirname(copied), { recursive: true });
  copyFileSync(path, copied);
}

/**
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  const written = join(/** @type {string} */ (target), path);
  mkdirSync(dirname(written), { recursive: true });
  writeFileSync(written, text);
}
