/** A refusal of the service, or the reason why it did not answer. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** The HTTP status; 0 if there was no reply, or if a training failed after it was accepted. */
  readonly status: number;
  /** The service's code, such as `INVALID_ROWS`; `UNREACHABLE` without a reply, `HTTP_<status>` for one of another server. */
  readonly code: string;
  /** Identifies the request in the service's log; null for a reply that is not the service's own. */
  readonly request_id: string | null;

  constructor(
    message: string,
    of: Pick<ServiceError, 'status' | 'code'>,
    request_id: string | null = null,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.status = of.status;
    this.code = of.code;
    this.request_id = request_id;
  }
}

/** Returns the error of a reply that is none of success. */
export async function errorOf(response: Response): Promise<ServiceError> {
  const { status, statusText, headers } = response;
  const text = await response.text().catch(() => '');
  try {
    const { error, code, request_id } = JSON.parse(text) as Record<string, unknown>;
    if (typeof error === 'string' && typeof code === 'string') {
      return new ServiceError(error, { status, code }, typeof request_id === 'string' ? request_id : null);
    }
  } catch {
    // A proxy, or another server.
  }
  const message = `the service replied with status ${status} ${statusText}`.trim();
  return new ServiceError(message, { status, code: `HTTP_${status}` }, headers.get('x-request-id'));
}
