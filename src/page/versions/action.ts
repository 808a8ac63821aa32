/** A change to the versions that the page asks the user to confirm. */
export type Action =
  | { readonly kind: 'activate' | 'remove'; readonly version: string }
  | { readonly kind: 'roll back' };
