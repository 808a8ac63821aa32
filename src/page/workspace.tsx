import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useMay } from './access/scopes.js';
import type { Scope } from './client/api.js';
import { Live, UNKNOWN } from './client/live.js';
import { Frame } from './frame.js';
import { ErrorHistory } from './monitor/error-history.js';
import { Guards } from './monitor/guards.js';
import { Inputs } from './monitor/inputs.js';
import { Status } from './monitor/status.js';
import { Name } from './parts/name.js';
import { Train } from './train/train.js';
import { TryIt } from './try-it/try-it.js';
import { Versions } from './versions/versions.js';

/** The views by their URL fragments: their titles, and the scope that each requires beside `read`. */
const VIEWS = {
  monitor: { title: 'Monitor', scope: 'read' },
  try: { title: 'Try it', scope: 'predict' },
  train: { title: 'Train', scope: 'train' },
  versions: { title: 'Versions', scope: 'read' },
} as const satisfies Record<string, { title: string; scope: Scope }>;
type View = keyof typeof VIEWS;

const CONNECTIONS = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'No connection to the service. Retrying…',
} as const;

export interface WorkspaceProps {
  readonly account: ComponentChildren;
  /** True while the user must sign in again. */
  readonly isSignedOut: boolean;
}

/** The model and what a user may do with it: a header with its name, and the view that the URL fragment selects. */
export function Workspace({ account, isSignedOut }: WorkspaceProps) {
  const may = useMay();
  const [snapshot, setSnapshot] = useState(UNKNOWN);
  const live = useMemo(() => new Live(setSnapshot, may('metrics')), []);
  const chosen = useView();
  const view = may(VIEWS[chosen].scope) ? chosen : 'monitor';
  const { title } = VIEWS[view];
  const { model, connection } = snapshot;
  const isDrifting = snapshot.drift?.detected ?? false;

  useEffect(() => {
    document.title = `${isDrifting ? '▲ Drift – ' : ''}${title} – reconstruction-regressor`;
  }, [title, isDrifting]);

  const nav = (
    <>
      {Object.entries(VIEWS).map(([name, { title, scope }]) =>
        may(scope) ? (
          <a key={name} href={`#${name}`} aria-current={name === view ? 'page' : undefined}>
            {title}
          </a>
        ) : null,
      )}
      <a href="docs">API</a>
    </>
  );
  return (
    <Frame
      title={<Name of={model?.name ?? 'reconstruction-regressor'} max={60} />}
      status={isSignedOut ? 'Signed out' : CONNECTIONS[connection]}
      statusClass={isSignedOut ? 'lost' : connection}
      nav={nav}
      account={account}
    >
      <div class="view" hidden={view !== 'monitor'}>
        <Status snapshot={snapshot} />
        <ErrorHistory snapshot={snapshot} />
        <Guards guards={snapshot.drift?.guards ?? []} />
        <Inputs drift={snapshot.drift} />
      </div>
      <div class="view" hidden={view !== 'try'}>
        {may('predict') ? <TryIt model={model} drift={snapshot.drift} /> : null}
      </div>
      <div class="view" hidden={view !== 'train'}>
        {may('train') ? <Train live={live} model={model} /> : null}
      </div>
      <div class="view" hidden={view !== 'versions'}>
        <Versions live={live} serving={model?.model_version ?? null} isShown={view === 'versions'} />
      </div>
    </Frame>
  );
}

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
