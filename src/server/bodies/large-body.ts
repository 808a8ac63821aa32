/**
 * Request bodies above this size, in bytes, are read in a thread or in chunks that yield to the event loop: JSON.parse blocks
 * it for 100 ms at 300,000 rows.
 */
export const LARGE_BODY = 128 * 1024;

/** Replies below this size, in bytes, are not compressed: TCP sends this much before it waits for the peer (RFC 6928). */
export const MIN_BYTES = 10 * 1460;
