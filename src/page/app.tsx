import { useEffect, useMemo, useState } from 'preact/hooks';
import { Live, UNKNOWN } from './client/live.js';
import { ErrorHistory } from './monitor/error-history.js';
import { Guards } from './monitor/guards.js';
import { Inputs } from './monitor/inputs.js';
import { Status } from './monitor/status.js';
import { Name } from './parts/name.js';
import { Train } from './train/train.js';
import { TryIt } from './try-it/try-it.js';
import { Versions } from './versions/versions.js';

/** Titles of the views by their URL fragments. */
const VIEWS = { monitor: 'Monitor', try: 'Try it', train: 'Train', versions: 'Versions' };
type View = keyof typeof VIEWS;

/** The whole page: a header with the name of the model, and the view that the URL fragment selects. */
export function App() {
  const [snapshot, setSnapshot] = useState(UNKNOWN);
  const live = useMemo(() => new Live(setSnapshot), []);
  const view = useView();
  const title = VIEWS[view];
  const { model, connection } = snapshot;
  const isDrifting = snapshot.drift?.detected ?? false;

  useEffect(() => {
    document.title = `${isDrifting ? '▲ Drift – ' : ''}${title} – reconstruction-regressor`;
  }, [title, isDrifting]);

  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="head">
        <h1>
          <Name of={model?.name ?? 'reconstruction-regressor'} max={60} />
        </h1>
        <p class={`connection ${connection}`} role="status">
          {CONNECTIONS[connection]}
        </p>
        <nav aria-label="Views">
          {Object.entries(VIEWS).map(([name, label]) => (
            <a key={name} href={`#${name}`} aria-current={name === view ? 'page' : undefined}>
              {label}
            </a>
          ))}
          <a href="docs">API</a>
        </nav>
      </header>
      <main id="content" tabIndex={-1}>
        <div class="view" hidden={view !== 'monitor'}>
          <Status snapshot={snapshot} />
          <ErrorHistory snapshot={snapshot} />
          <Guards guards={snapshot.drift?.guards ?? []} />
          <Inputs drift={snapshot.drift} />
        </div>
        <div class="view" hidden={view !== 'try'}>
          <TryIt model={model} drift={snapshot.drift} />
        </div>
        <div class="view" hidden={view !== 'train'}>
          <Train live={live} model={model} />
        </div>
        <div class="view" hidden={view !== 'versions'}>
          <Versions live={live} serving={model?.model_version ?? null} isShown={view === 'versions'} />
        </div>
      </main>
    </>
  );
}

const CONNECTIONS = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'No connection to the service. Retrying…',
} as const;

/** Returns the view named by the URL fragment. Other fragments, such as that of the skip link, do not change it. */
function useView(): View {
  const [view, setView] = useState<View>(() => viewInUrl() ?? 'monitor');
  useEffect(() => {
    const update = () => setView((current) => viewInUrl() ?? current);
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return view;
}

function viewInUrl(): View | undefined {
  const fragment = location.hash.slice(1);
  return Object.hasOwn(VIEWS, fragment) ? (fragment as View) : undefined;
}
