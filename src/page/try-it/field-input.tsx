import type { TargetedInputEvent } from 'preact';
import { printable } from '../parts/format.js';
import type { Field } from './fields.js';

export interface FieldInputProps {
  readonly field: Field;
  readonly id: string;
  readonly text: string;
  readonly invalid: boolean;
  readonly onText: (text: string) => void;
}

/** The control in which the value of a field is entered: for a category a choice, for a date a calendar. */
export function FieldInput({ field, id, text, invalid, onText }: FieldInputProps) {
  const { kind, choices = [] } = field;
  const common = {
    id,
    'aria-invalid': invalid,
    'aria-describedby': invalid ? 'try-failure' : undefined,
  };
  const onInput = ({ currentTarget }: TargetedInputEvent<HTMLInputElement | HTMLSelectElement>) =>
    onText(currentTarget.value);
  if (kind === 'choice') {
    return (
      <select {...common} value={text} onInput={onInput}>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice === '' ? 'no value' : printable(choice, 80)}
          </option>
        ))}
      </select>
    );
  }
  if (kind === 'check') {
    const onChange = ({ currentTarget }: TargetedInputEvent<HTMLInputElement>) => onText(String(currentTarget.checked));
    return <input {...common} type="checkbox" checked={text === 'true'} onInput={onChange} />;
  }
  if (kind === 'number') {
    return <input {...common} inputMode="decimal" autoComplete="off" value={text} onInput={onInput} />;
  }
  return <input {...common} type={kind} step={field.step} value={text} onInput={onInput} />;
}
