import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import { watchDirectory } from '../../../base/files/watch-directory.js';

/** Milliseconds between two looks at the files, where the file system does not report changes. */
const POLL_INTERVAL = 5000;
/** Milliseconds without another change after which changed files are read: a certificate and its key are two of them. */
const SETTLE = 500;

/** Paths of PEM files. */
export interface TlsPaths {
  /** The certificate of the server, with those of its issuers. */
  readonly cert: string;
  readonly key: string;
  /** The certificates of the issuers of clients' certificates; empty to ask clients for none. */
  readonly clientCa: string;
}

/** The certificates that the servers use, read again when their files change. */
export class TlsFiles {
  /** Attempts to read the files that failed. */
  errors = 0;
  /** Whether the latest attempt failed. */
  isBroken = false;
  private readonly paths: TlsPaths;
  private readonly log: Pick<Logger, 'info' | 'error'>;
  private context: SecureContextOptions;
  private readonly listeners: ((context: SecureContextOptions) => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private readonly stopWatching: readonly (() => void)[];

  /** Reads the files. Throws `INVALID_REQUEST`, naming the setting whose file cannot be used. */
  constructor(paths: TlsPaths, log: Pick<Logger, 'info' | 'error'>) {
    this.paths = paths;
    this.log = log;
    this.context = readContext(paths);
    const directories = new Set(
      Object.values(paths)
        .filter(Boolean)
        .map((path) => dirname(path)),
    );
    this.stopWatching = Array.from(directories, (directory) =>
      watchDirectory(directory, () => this.onChange(), POLL_INTERVAL),
    );
  }

  /**
   * Options of a server. A client without a certificate may connect: another credential, or none, may do for what it asks.
   * Sessions are not resumed where there are such certificates: each connection shows its own.
   */
  get options(): TlsOptions {
    const asksClients = this.paths.clientCa !== '';
    return { ...this.context, requestCert: asksClients, rejectUnauthorized: false };
  }

  /** Calls `listener` with what a server's `setSecureContext` takes, after each change. */
  onContext(listener: (context: SecureContextOptions) => void): void {
    this.listeners.push(listener);
  }

  /** Time at which the server's certificate expires, in milliseconds since 1970. */
  get expires(): number {
    return Date.parse(new X509Certificate(this.context.cert as Buffer).validTo);
  }

  close(): void {
    clearTimeout(this.timer);
    for (const stop of this.stopWatching) stop();
  }

  private onChange(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reread(), SETTLE).unref();
  }

  private reread(): void {
    try {
      const context = readContext(this.paths);
      if (isSame(context, this.context)) {
        this.isBroken = false;
        return;
      }
      for (const listener of this.listeners) listener(context);
      this.context = context;
      this.isBroken = false;
      this.log.info({ expires: new Date(this.expires).toISOString() }, 'certificates read');
    } catch (error) {
      this.errors++;
      if (!this.isBroken) {
        const reason = (error as Error).message;
        this.log.error({ reason }, 'the files of the certificates cannot be used: those of before stay in use');
      }
      this.isBroken = true;
    }
  }
}

function readContext({ cert, key, clientCa }: TlsPaths): SecureContextOptions {
  const context: SecureContextOptions = {
    cert: readPem('TLS_CERT', cert),
    key: readPem('TLS_KEY', key),
    ...(clientCa && { ca: readPem('TLS_CLIENT_CA', clientCa), secureOptions: constants.SSL_OP_NO_TICKET }),
  };
  const certificate = check('TLS_CERT', () => new X509Certificate(context.cert as Buffer));
  const privateKey = check('TLS_KEY', () => createPrivateKey(context.key as Buffer));
  if (!certificate.checkPrivateKey(privateKey))
    throw refuse('TLS_KEY', 'it is not the key of the certificate in TLS_CERT');
  if (context.ca) check('TLS_CLIENT_CA', () => new X509Certificate(context.ca as Buffer));
  check('TLS_CERT', () => createSecureContext(context));
  return context;
}

function readPem(setting: string, path: string): Buffer {
  return check(setting, () => readFileSync(path));
}

function check<T>(setting: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    // Messages of OpenSSL name places in its sources, and none quotes the file.
    throw refuse(setting, (error as Error).message, error);
  }
}

function refuse(setting: string, reason: string, cause?: unknown): DomainError {
  return new DomainError('INVALID_REQUEST', `${setting}: ${reason}`, { cause });
}

function isSame(a: SecureContextOptions, b: SecureContextOptions): boolean {
  return (['cert', 'key', 'ca'] as const).every((name) => String(a[name] ?? '') === String(b[name] ?? ''));
}
