import type { ComponentChildren } from 'preact';

export interface FrameProps {
  readonly title?: ComponentChildren;
  /** The connection to the service, and its name as a class. */
  readonly status?: string;
  readonly statusClass?: string;
  readonly nav?: ComponentChildren;
  readonly account?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The header of the page, and its content. */
export function Frame({ title, status, statusClass = '', nav, account, children }: FrameProps) {
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="head">
        <h1>{title ?? 'reconstruction-regressor'}</h1>
        {status === undefined ? null : (
          <p class={`connection ${statusClass}`} role="status">
            {status}
          </p>
        )}
        {nav ? <nav aria-label="Views">{nav}</nav> : null}
        {account}
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
