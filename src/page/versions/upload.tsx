import { useState } from 'preact/hooks';

/** Adds a version from an archive, such as one downloaded from this page. */
export function Upload({ onUpload }: { onUpload: (archive: File) => Promise<void> }) {
  const [sending, setSending] = useState(false);
  const send = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    setSending(true);
    await onUpload(file);
    setSending(false);
    // Lets the user choose the same file again.
    input.value = '';
  };
  return (
    <p class="upload">
      <label for="archive">
        {sending ? 'Uploading…' : 'Add a version from an archive (tar.gz) without activating it'}
      </label>{' '}
      <input
        id="archive"
        type="file"
        accept=".gz,.tgz,application/gzip"
        disabled={sending}
        onChange={({ currentTarget }) => void send(currentTarget)}
      />
    </p>
  );
}
