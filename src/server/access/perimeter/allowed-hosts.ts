import { isIP, isIPv6 } from 'node:net';
import { hostname } from 'node:os';

/** A name, or `*.` and a name. */
const ENTRY = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
/** Values of `Host` that are remembered as allowed. Ports and addresses make any number of them. */
const MAX_KNOWN = 1000;

/**
 * The names by which clients may address the service.
 *
 * Any page can be served under a name that its owner then points at another address, such as 127.0.0.1 (DNS rebinding). To the
 * browser, the page and the service at that address are then of one origin. Only the header `Host` shows the foreign name.
 * Nobody but the operator can give this machine an address or the name `localhost` (RFC 6761), so these are always allowed.
 */
export class AllowedHosts {
  private readonly any: boolean;
  private readonly names: ReadonlySet<string>;
  private readonly suffixes: readonly string[];
  private readonly machine: string;
  private readonly known = new Set<string>();

  /**
   * `setting`: names separated by commas, in addition to localhost, addresses and the machine's own name. `*.example.com` allows
   * all names below example.com, and `*` any name. Throws an Error that names the invalid entry.
   */
  constructor(setting: string, machine = hostname()) {
    const entries = setting
      .split(',')
      .map((entry) => withoutDot(entry.trim().toLowerCase()))
      .filter((entry) => entry !== '');
    this.any = entries.includes('*');
    for (const entry of entries) {
      if (entry !== '*' && isIP(entry) === 0 && !ENTRY.test(entry)) {
        throw new Error(`ALLOWED_HOSTS: expected names such as model.example.com or *.example.com, got "${entry}"`);
      }
    }
    this.names = new Set(entries.filter((entry) => !entry.startsWith('*')));
    this.suffixes = entries.filter((entry) => entry.startsWith('*.')).map((entry) => entry.slice(1));
    this.machine = withoutDot(machine.toLowerCase());
  }

  /** Returns whether a value of the header `Host`, with or without a port, is allowed. */
  allows(host: string): boolean {
    if (this.known.has(host)) return true;
    const name = hostName(host);
    if (name === undefined || !this.includes(name)) return false;
    if (this.known.size < MAX_KNOWN) this.known.add(host);
    return true;
  }

  /** Returns whether the setting lists this name, literally. */
  lists(name: string): boolean {
    return this.names.has(name);
  }

  private includes(name: string): boolean {
    return (
      this.any ||
      isLocalhost(name) ||
      isIP(name) > 0 ||
      name === this.machine ||
      this.names.has(name) ||
      this.suffixes.some((suffix) => name.endsWith(suffix))
    );
  }
}

/** Returns whether a name means the machine on which it is used. */
function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Returns the name or the address in a value of `Host`, in lower case and without brackets; undefined if it is invalid. */
export function hostName(host: string): string | undefined {
  const [, address, name] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d*)?$/.exec(host) ?? [];
  if (address !== undefined) return isIPv6(address) ? address.toLowerCase() : undefined;
  return name ? withoutDot(name.toLowerCase()) : undefined;
}

/** Removes the dot with which a name may end. */
function withoutDot(name: string): string {
  return name.replace(/(?<=[\w-])\.$/, '');
}
