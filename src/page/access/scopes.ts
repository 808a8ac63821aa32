import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Scope } from '../client/api.js';

/** What the user may do. The page offers nothing else; the service refuses it in any case. */
export const Scopes = createContext<readonly Scope[]>([]);

/** Returns a function that reports whether the user may do what requires a scope. */
export function useMay(): (scope: Scope) => boolean {
  const scopes = useContext(Scopes);
  return (scope) => scopes.includes(scope);
}
