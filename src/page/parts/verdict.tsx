import type { ComponentChildren } from 'preact';

export interface VerdictProps {
  readonly kind: 'quiet' | 'caution' | 'alarm' | 'unknown';
  /** A symbol for the kind, so that colour is not the only sign. */
  readonly mark: string;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** A conclusion in one sentence, with the reason below it. */
export function Verdict({ kind, mark, title, children }: VerdictProps) {
  return (
    <div class={`verdict ${kind}`}>
      <span class="mark" aria-hidden="true">
        {mark}
      </span>
      <div>
        <strong>{title}</strong>
        {children ? <p>{children}</p> : null}
      </div>
    </div>
  );
}
