import { AccessError } from './access-error.js';
import type { PerimeterCheck } from './admission.js';
import type { RouteScope } from './scopes.js';

/** What is answered at every port. */
const PUBLIC: ReadonlySet<RouteScope> = new Set<RouteScope>(['predict', 'feedback', 'health']);

/**
 * Returns a check that keeps all but predictions, feedback and health checks to the port for administration. OPTIONS, with which a browser
 * asks whether it may send a prediction, has no effect.
 */
export function adminPortCheck(port: number): PerimeterCheck {
  return ({ method, socket }, scope) =>
    PUBLIC.has(scope) || method === 'OPTIONS' || socket.localPort === port
      ? undefined
      : new AccessError(
          'MISDIRECTED',
          'this port answers predictions, feedback and health checks only; see ADMIN_PORT',
        );
}
