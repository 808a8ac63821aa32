import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What is done. */
  readonly action: string;
  readonly risky?: boolean;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks before something is done that others notice. Escape means no. */
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
          Keep things as they are
        </button>
      </div>
    </dialog>
  );
}
