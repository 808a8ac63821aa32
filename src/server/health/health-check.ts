import { get as getPlain, type RequestOptions } from 'node:http';
import { get as getEncrypted } from 'node:https';

// The health check of the image, which has neither a shell nor curl: exits with 0 if the service is ready. It asks the health port,
// which is never encrypted, or without one the port of the service.

const { HOST, PORT, HEALTH_PORT, TLS_CERT } = process.env;
const hasHealthPort = Number(HEALTH_PORT) > 0;
const options: RequestOptions = {
  host: HOST || '127.0.0.1',
  port: (hasHealthPort ? HEALTH_PORT : PORT) || 8080,
  path: '/readyz',
};
// The certificate names the service as its clients know it, and not this machine.
const request =
  TLS_CERT && !hasHealthPort ? getEncrypted({ ...options, rejectUnauthorized: false }) : getPlain(options);
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
request.on('error', () => process.exit(1));
