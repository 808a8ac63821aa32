/** Names of the options in the query, their labels, and the defaults of the service. */
const NUMBERS = [
  ['epochs', 'Maximum epochs', '100'],
  ['patience', 'Epochs without progress', '10'],
  ['batch_size', 'Batch size', '32'],
  ['learning_rate', 'Learning rate', '0.001'],
  ['validation_split', 'Share held out', '0.2'],
  ['seed', 'Seed', '42'],
  ['trials', 'Trials of a search', 'by time'],
  ['budget_seconds', 'Seconds of a search', '2'],
  ['members', 'Networks averaged', '1 or 3'],
  ['shadow_rows', 'Shadow rows', '0'],
] as const;

export interface TrainingOptionsProps {
  /** The text entered for each option. */
  readonly options: Readonly<Record<string, string>>;
  readonly onChange: (name: string, text: string) => void;
}

/** The options of a training. Those left empty take the defaults of the service. */
export function TrainingOptions({ options, onChange }: TrainingOptionsProps) {
  return (
    <details class="options">
      <summary>Settings</summary>
      <div class="fields">
        {NUMBERS.map(([name, label, fallback]) => (
          <div key={name} class="field">
            <label for={name}>{label}</label>
            <input
              id={name}
              inputMode="decimal"
              autoComplete="off"
              placeholder={fallback}
              value={options[name] ?? ''}
              onInput={({ currentTarget }) => onChange(name, currentTarget.value)}
            />
          </div>
        ))}
        <div class="field">
          <label for="target_transform">Learned scale</label>
          <select
            id="target_transform"
            value={options['target_transform'] ?? 'auto'}
            onChange={({ currentTarget }) => onChange('target_transform', currentTarget.value)}
          >
            <option value="auto">By a trial</option>
            <option value="none">Its own</option>
            <option value="log1p">Logarithmic</option>
          </select>
        </div>
        <div class="field wide">
          <label for="promote">After training</label>
          <select
            id="promote"
            value={options['promote'] ?? 'gate'}
            onChange={({ currentTarget }) => onChange('promote', currentTarget.value)}
          >
            <option value="gate">Activate unless it is worse</option>
            <option value="always">Always activate</option>
            <option value="never">Store without activating</option>
          </select>
        </div>
      </div>
    </details>
  );
}
