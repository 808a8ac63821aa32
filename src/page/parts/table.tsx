import type { ComponentChildren } from 'preact';

export interface TableProps {
  readonly class?: string;
  /** Names the table for screen readers. */
  readonly caption?: string;
  readonly head: readonly ComponentChildren[];
  /** The rows of the body. */
  readonly children: ComponentChildren;
}

/** A table with a row of column headers. */
export function Table({ class: className, caption, head, children }: TableProps) {
  return (
    <table class={className}>
      {caption ? <caption class="unseen">{caption}</caption> : null}
      <thead>
        <tr>
          {head.map((label, i) => (
            <th key={String(i)} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
