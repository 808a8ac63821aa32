import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';
import { UsageError } from '../terminal/exit-codes.js';

/** Maximum number of times that a refused request is sent again, and the longest wait before it, in seconds. */
const [RETRIES, MAX_WAIT] = [4, 30];

/** A user and password before the host, or a query: both are where keys are put by mistake, and labels and errors repeat the address. */
const HAS_SECRETS = /^([^/?#]*:\/\/)?[^/?#]*@|[?#]/;

/** Talks to a running service. Methods throw the service's own error, with its code, or `NOT_READY` if it cannot be reached. */
export class ServiceClient {
  readonly url: URL;
  private readonly key: string | undefined;

  /** Throws a `UsageError`, which never repeats a credential. */
  constructor(url: string, key: string | undefined) {
    if (HAS_SECRETS.test(url)) {
      throw new UsageError(
        '--url: expected an address without credentials and query; --key or API_KEY takes an API key',
      );
    }
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new UsageError(`--url: expected an address such as http://127.0.0.1:8080, got ${url}`);
    }
    this.url = new URL(url.endsWith('/') ? url : `${url}/`);
    // Read from a file, it ends with a line break.
    this.key = key?.trim() || undefined;
    if (this.key !== undefined && !/^[!-~]+$/.test(this.key)) {
      throw new UsageError(
        '--key or API_KEY: expected a key as `keys create` prints it, in one line and without spaces',
      );
    }
  }

  /** The headers of every request. */
  get headers(): Readonly<Record<string, string>> {
    return this.key ? { authorization: `Bearer ${this.key}` } : {};
  }

  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.request(path, init);
    return (await response.json()) as T;
  }

  async stream(path: string): Promise<Readable> {
    const { body } = await this.request(path);
    return Readable.fromWeb(body as import('node:stream/web').ReadableStream);
  }

  /**
   * Sends a request, and returns its reply if that is no error. A request that an overloaded service refuses before it had any effect is
   * sent again after the wait that the service asks for. A body that is a stream is sent once.
   */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.send(path, init);
      if (response.ok) return response;
      const wait = waitOf(response);
      if (wait === undefined || attempt === RETRIES || init.body instanceof ReadableStream) {
        throw await refusal(this.url, response, this.key !== undefined);
      }
      await response.body?.cancel();
      await sleep(1000 * wait);
    }
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    try {
      return await fetch(new URL(path, this.url), { ...init, headers });
    } catch (cause) {
      const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
      const reason = code === 'ECONNREFUSED' ? 'nothing answers there; is the service running?' : message || code;
      throw new DomainError('NOT_READY', `${this.url}: ${reason}`, { cause });
    }
  }
}

/** Seconds after which a refused request may be sent again; undefined if the service does not ask for that, or for too much. */
function waitOf({ status, headers }: Response): number | undefined {
  const wait = Number(headers.get('retry-after') ?? Number.NaN);
  return (status === 429 || status === 503) && wait >= 0 && wait <= MAX_WAIT ? wait : undefined;
}

async function refusal(url: URL, response: Response, hasKey: boolean): Promise<DomainError> {
  const text = await response.text();
  let reply: { error?: string; code?: string } = {};
  try {
    reply = JSON.parse(text) as typeof reply;
  } catch {
    // It is not this service, or a proxy in front of it.
  }
  const advice = response.status === 401 && !hasKey ? '; --key or API_KEY takes an API key' : '';
  const message = reply.error ?? `it replied with status ${response.status}`;
  return new DomainError((reply.code ?? 'INVALID_REQUEST') as ErrorCode, `${url}: ${message}${advice}`);
}
