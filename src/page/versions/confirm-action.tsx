import { Confirm } from '../parts/confirm.js';
import type { Action } from './action.js';

export interface ConfirmActionProps {
  readonly action: Action;
  readonly serving: string | null;
  readonly previous: string | null;
  readonly onAnswer: (yes: boolean) => void;
}

/** Asks the user to confirm an action, and states its consequences. */
export function ConfirmAction({ action, serving, previous, onAnswer }: ConfirmActionProps) {
  const current = serving === null ? 'No version is serving.' : `Version ${serving} is serving.`;
  if (action.kind === 'roll back') {
    return (
      <Confirm title={`Roll back to version ${previous}?`} action="Roll back" onAnswer={onAnswer}>
        {current} No requests fail. A second rollback undoes this one.
      </Confirm>
    );
  }
  if (action.kind === 'activate') {
    return (
      <Confirm title={`Activate version ${action.version}?`} action="Activate" onAnswer={onAnswer}>
        {current} No requests fail. You can roll back to the current version.
      </Confirm>
    );
  }
  return (
    <Confirm title={`Remove version ${action.version}?`} action="Remove permanently" risky onAnswer={onAnswer}>
      This deletes its files from the store and cannot be undone. To keep a copy, download its archive first.
    </Confirm>
  );
}
