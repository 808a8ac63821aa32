import { Readable } from 'node:stream';
import { DomainError, type ErrorCode } from '../../base/domain-error.js';
import { UsageError } from '../terminal/exit-codes.js';

/** Talks to a running service. Methods throw the service's own error, with its code, or `NOT_READY` if it cannot be reached. */
export class ServiceClient {
  readonly url: URL;
  private readonly key: string | undefined;

  constructor(url: string, key: string | undefined) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new UsageError(`--url: expected an address such as http://127.0.0.1:8080, got ${url}`);
    }
    this.url = new URL(url.endsWith('/') ? url : `${url}/`);
    this.key = key;
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

  /** Sends a request, and returns its reply if that is no error. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.headers)) headers.set(name, value);
    let response: Response;
    try {
      response = await fetch(new URL(path, this.url), { ...init, headers });
    } catch (cause) {
      const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
      const reason = code === 'ECONNREFUSED' ? 'nothing answers there; is the service running?' : message || code;
      throw new DomainError('NOT_READY', `${this.url}: ${reason}`, { cause });
    }
    if (response.ok) return response;
    throw await refusal(this.url, response, this.key !== undefined);
  }
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
