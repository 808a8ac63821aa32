import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Logger } from 'pino';
import { DomainError } from '../../../base/domain-error.js';
import { AfterPause } from '../../../base/files/after-pause.js';
import { watchDirectory } from '../../../base/files/watch-directory.js';

/** Milliseconds between two looks at the files, where the file system does not report changes. */
const POLL_INTERVAL = 5000;
/** Milliseconds without another change after which changed files are read: a certificate and its key are two of them. */
const SETTLE = 500;

/** Milliseconds within which a client must have agreed on a key. */
const HANDSHAKE_TIMEOUT = 10_000;

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
  private readonly changes = new AfterPause(() => void this.reread(), SETTLE);
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
      watchDirectory(directory, this.changes.trigger, POLL_INTERVAL),
    );
  }

  /**
   * Options of a server. A client without a certificate may connect: another credential, or none, may do for what it asks.
   * Sessions are not resumed where there are such certificates: each connection shows its own.
   */
  get options(): TlsOptions {
    const asksClients = this.paths.clientCa !== '';
    return {
      ...this.context,
      requestCert: asksClients,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT,
    };
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
    this.changes.cancel();
    for (const stop of this.stopWatching) stop();
  }

  private async reread(): Promise<void> {
    try {
      const { cert, key, clientCa } = this.paths;
      const pems = [
        read('TLS_CERT', cert),
        read('TLS_KEY', key),
        clientCa ? read('TLS_CLIENT_CA', clientCa) : undefined,
      ];
      const context = contextOf(...((await Promise.all(pems)) as [Buffer, Buffer, Buffer | undefined]));
      if (!isSame(context, this.context)) {
        checkContext(context);
        for (const listener of this.listeners) listener(context);
        this.context = context;
        this.log.info({ expires: new Date(this.expires).toISOString() }, 'certificates read');
      }
      this.isBroken = false;
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

/** Reads a file again. What is slow about it must not stop requests. */
async function read(setting: string, path: string): Promise<Buffer> {
  return readFile(path).catch((error) => {
    throw refuse(setting, error.message, error);
  });
}

function readContext({ cert, key, clientCa }: TlsPaths): SecureContextOptions {
  const readNow = (setting: string, path: string) => check(setting, () => readFileSync(path));
  const ca = clientCa ? readNow('TLS_CLIENT_CA', clientCa) : undefined;
  const context = contextOf(readNow('TLS_CERT', cert), readNow('TLS_KEY', key), ca);
  checkContext(context);
  return context;
}

function contextOf(cert: Buffer, key: Buffer, ca: Buffer | undefined): SecureContextOptions {
  return { cert, key, ...(ca && { ca, secureOptions: constants.SSL_OP_NO_TICKET }) };
}

/** Throws `INVALID_REQUEST`, naming the setting whose file cannot be used. */
function checkContext(context: SecureContextOptions): void {
  const certificate = check('TLS_CERT', () => new X509Certificate(context.cert as Buffer));
  const privateKey = check('TLS_KEY', () => createPrivateKey(context.key as Buffer));
  if (!certificate.checkPrivateKey(privateKey))
    throw refuse('TLS_KEY', 'it is not the key of the certificate in TLS_CERT');
  if (context.ca) check('TLS_CLIENT_CA', () => new X509Certificate(context.ca as Buffer));
  check('TLS_CERT', () => createSecureContext(context));
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
