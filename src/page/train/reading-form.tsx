import type { TableReport } from '../client/api.js';
import { Name } from '../parts/name.js';
import type { TableChoices } from './table-choices.js';

const DELIMITERS = [
  ['', 'As found'],
  [',', 'Comma'],
  [';', 'Semicolon'],
  ['tab', 'Tab'],
  ['|', 'Pipe'],
] as const;
const DECIMALS = [
  ['', 'As found'],
  ['.', 'Point'],
  [',', 'Comma'],
] as const;

const DATES = [
  ['', 'ISO 8601 only'],
  ['dmy', 'Day first'],
  ['mdy', 'Month first'],
  ['ymd', 'Year first'],
] as const;

export interface ReadingFormProps {
  readonly report: TableReport;
  readonly choices: TableChoices;
  readonly isCsv: boolean;
  /** The report is that of other choices. */
  readonly isOutdated: boolean;
  readonly checking: boolean;
  readonly onChange: (choices: TableChoices) => void;
  readonly onCheck: () => void;
}

/** How the file is read: what the service found, what a person changes of that, and the button that reads it once more. */
export function ReadingForm(props: ReadingFormProps) {
  const { report, choices, isCsv, isOutdated, checking, onChange, onCheck } = props;
  return (
    <>
      <div class="fields">
        {isCsv ? (
          <>
            <Select
              id="delimiter"
              label="Delimiter"
              options={DELIMITERS}
              value={choices.delimiter}
              onChoose={(delimiter) => onChange({ ...choices, delimiter })}
            />
            <Select
              id="decimal"
              label="Decimal mark"
              options={DECIMALS}
              value={choices.decimal}
              onChoose={(decimal) => onChange({ ...choices, decimal })}
            />
          </>
        ) : null}
        <Select
          id="dates"
          label="Dates"
          options={DATES}
          value={choices.dates}
          onChoose={(dates) => onChange({ ...choices, dates })}
        />
      </div>
      {report.notices.length > 0 ? (
        <ul class="note">
          {report.notices.map((notice) => (
            <li key={notice}>
              <Name of={notice} max={400} />
            </li>
          ))}
        </ul>
      ) : null}
      <p class="actions check-again">
        <button type="button" disabled={checking} onClick={onCheck}>
          {checking ? 'Checking…' : 'Check again'}
        </button>
        <small role="status">
          {isOutdated && !checking ? 'The columns below were checked before your latest choices.' : ''}
        </small>
      </p>
    </>
  );
}

interface SelectProps {
  readonly id: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly value: string;
  readonly onChoose: (value: string) => void;
}

function Select({ id, label, options, value, onChoose }: SelectProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
