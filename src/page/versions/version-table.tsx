import { archivePath, onnxPath, reportPath, type Version, type VersionList } from '../client/api.js';
import { ago, bytes, capital, figure } from '../parts/format.js';
import { Name } from '../parts/name.js';
import { Table } from '../parts/table.js';
import type { Action } from './confirm.js';

export interface VersionTableProps {
  readonly list: VersionList;
  readonly chosen: readonly string[];
  readonly onChoose: (version: string, isChosen: boolean) => void;
  /** Null if the user may change nothing. */
  readonly onAction: ((action: Action) => void) | null;
  readonly onDescribe: (version: string) => void;
}

const HEAD = [
  <span key="compare" class="unseen">
    Compare
  </span>,
  ...['Version', 'Created', 'RMSE', 'Reconstruction error', 'Gate', 'Download'],
];

/** All versions, with their metrics and gate decisions, and buttons to download or change them. */
export function VersionTable({ list, chosen, onChoose, onAction, onDescribe }: VersionTableProps) {
  return (
    <Table class="versions" caption="All versions, newest first" head={onAction ? [...HEAD, 'Actions'] : HEAD}>
      {list.models.map(row)}
    </Table>
  );

  function row(version: Version) {
    const { model_version: number, created_at, origin, serving, aliases, metrics, gate, rows } = version;
    const { description, tags } = version;
    return (
      <tr key={number} class={serving ? 'serving' : undefined}>
        <td>
          <input
            type="checkbox"
            aria-label={`Compare version ${number}`}
            checked={chosen.includes(number)}
            onChange={({ currentTarget }) => onChoose(number, currentTarget.checked)}
          />
        </td>
        <th scope="row">
          {number}
          {serving ? <span class="badge serving">✓ serving</span> : null}
          {gate?.warnings?.length ? <span class="badge caution">! worse than ridge regression</span> : null}
          {aliases.map((alias) => (
            <span key={alias} class="badge">
              {alias}
            </span>
          ))}
          {tags.map((tag) => (
            <span key={tag} class="badge">
              <Name of={tag} max={64} />
            </span>
          ))}
          {description === null ? null : (
            <small class="description">
              <Name of={description} max={200} />
            </small>
          )}
        </th>
        <td data-label="Created">
          {ago(Date.parse(created_at))}{' '}
          <small>
            {origin === 'upload' ? 'uploaded' : `from ${figure(rows)} rows`}, {bytes(version.bytes)}
          </small>
        </td>
        <td data-label="RMSE">
          {Object.entries(metrics.targets).map(([name, { rmse }]) => (
            <div key={name}>
              {figure(rmse)}{' '}
              <small>
                <Name of={name} max={24} />
              </small>
            </div>
          ))}
        </td>
        <td data-label="Reconstruction error">{figure(metrics.reconstruction_error)}</td>
        <td data-label="Gate">
          {gate ? (
            <details>
              <summary>{DECISIONS[gate.decision]}</summary>
              <small>
                <Name of={[gate.reason, ...(gate.warnings ?? [])].join(' ')} max={800} />
              </small>
            </details>
          ) : (
            '–'
          )}
        </td>
        <td data-label="Download">
          <a href={reportPath(number)} target="_blank" rel="noopener" aria-label={`Report of version ${number}`}>
            report
          </a>{' '}
          <a href={archivePath(number)} download aria-label={`Archive of version ${number}`}>
            archive
          </a>{' '}
          <a href={onnxPath(number)} download aria-label={`ONNX of version ${number}`}>
            ONNX
          </a>
        </td>
        {onAction ? (
          <td>
            <div class="actions">
              <button type="button" aria-label={`Describe version ${number}`} onClick={() => onDescribe(number)}>
                Describe
              </button>
              {(['activate', 'remove'] as const).map((kind) => (
                <button
                  key={kind}
                  type="button"
                  class={kind === 'remove' ? 'risky' : undefined}
                  disabled={serving || (kind === 'remove' && aliases.length > 0)}
                  aria-label={`${capital(kind)} version ${number}`}
                  onClick={() => onAction({ kind, version: number })}
                >
                  {capital(kind)}
                </button>
              ))}
            </div>
          </td>
        ) : null}
      </tr>
    );
  }
}

const DECISIONS = { promoted: '✓ promoted', refused: '■ refused', not_asked: 'not applied' } as const;
