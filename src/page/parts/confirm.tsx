import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Label of the button that confirms. */
  readonly action: string;
  readonly risky?: boolean;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks the user to confirm a change that affects other clients. Escape cancels. */
export function Confirm({ title, children, action, risky = false, onAnswer }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      onClose={() => onAnswer(dialog.current?.returnValue === 'yes')}
    >
      <h2 id="confirm-title">{title}</h2>
      <p>{children}</p>
      <div class="actions">
        <button type="button" class={risky ? 'risky' : 'first'} onClick={() => dialog.current?.close('yes')}>
          {action}
        </button>
        <button type="button" onClick={() => dialog.current?.close('no')}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
