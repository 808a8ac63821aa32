import type { ComponentChildren } from 'preact';

export interface LegendProps {
  /** Labels by the classes of their keys. */
  readonly keys: Readonly<Record<string, string>>;
  /** Further items. */
  readonly children?: ComponentChildren;
}

/** The legend of a chart or of histograms, hidden from screen readers. */
export function Legend({ keys, children }: LegendProps) {
  return (
    <ul class="legend" aria-hidden="true">
      {Object.entries(keys).map(([key, label]) => (
        <li key={key}>
          <i class={`key ${key}`} /> {label}
        </li>
      ))}
      {children}
    </ul>
  );
}
