import { spawnSync } from 'node:child_process';

/**
 * Returns a command under which the directory is a disk of its own, of `size` bytes (such as `64k`); undefined if nothing can be mounted
 * here. `before` is a shell command that fills the disk; it may use `$0`, the directory.
 */
export function smallDisk(directory: string, size: string, before = 'true'): string[] | undefined {
  const mount = `mount -t tmpfs -o size=${size} none "$0" && { ${before}; } && cd "$0" && exec "$@"`;
  for (const alone of [
    ['unshare', '--user', '--map-root-user', '--mount'],
    ['unshare', '--mount'],
  ]) {
    const command = [...alone, 'sh', '-c', mount, directory];
    const [program, ...args] = [...command, 'true'];
    if (spawnSync(program!, args).status === 0) return command;
  }
  return undefined;
}
