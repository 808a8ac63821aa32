import type { RenderableProps } from 'preact';

/** The legend of a chart or of histograms, hidden from screen readers. Lists labels by the classes of their keys, then the children. */
export function Legend({ keys, children }: RenderableProps<{ keys: Readonly<Record<string, string>> }>) {
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
