import type { ComponentChildren } from 'preact';

export interface VerdictProps {
  readonly kind: 'quiet' | 'alarm' | 'unknown';
  /** The kind for who sees no colours. */
  readonly mark: string;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** What was decided, in a sentence, and why below it. */
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
