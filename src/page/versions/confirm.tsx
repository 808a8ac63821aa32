import { useEffect, useRef } from 'preact/hooks';
import { activateVersion, removeVersion, rollBack } from '../client/api.js';

/** The changes that the page asks the user to confirm. */
export const ACTIONS = {
  activate: {
    question: 'Activate version',
    label: 'Activate',
    consequences: 'No requests fail. You can roll back to the current version.',
    request: activateVersion,
    outcome: 'is now serving',
  },
  'roll back': {
    question: 'Roll back to version',
    label: 'Roll back',
    consequences: 'No requests fail. A second rollback undoes this one.',
    request: rollBack,
    outcome: 'is serving again',
  },
  remove: {
    question: 'Remove version',
    label: 'Remove permanently',
    consequences:
      'This deletes its files from the store and cannot be undone. To keep a copy, download its archive first.',
    request: removeVersion,
    outcome: 'has been removed',
  },
} as const;

export interface Action {
  readonly kind: keyof typeof ACTIONS;
  /** The version to change; none for a rollback, which is always to the previous version. */
  readonly version?: string;
}

export interface ConfirmProps extends Required<Action> {
  readonly serving: string | null;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks the user to confirm an action, and states its consequences. Escape cancels. */
export function Confirm({ kind, version, serving, onAnswer }: ConfirmProps) {
  const { question, label, consequences } = ACTIONS[kind];
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      onClose={() => onAnswer(dialog.current?.returnValue === 'yes')}
    >
      <h2 id="confirm-title">
        {question} {version}?
      </h2>
      <p>
        {kind === 'remove' ? '' : serving === null ? 'No version is serving. ' : `Version ${serving} is serving. `}
        {consequences}
      </p>
      <div class="actions">
        <button
          type="button"
          class={kind === 'remove' ? 'risky' : 'first'}
          onClick={() => dialog.current?.close('yes')}
        >
          {label}
        </button>
        <button type="button" onClick={() => dialog.current?.close('no')}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
