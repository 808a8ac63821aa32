import { useRef, useState } from 'preact/hooks';

/** Adds a version from an archive, such as one downloaded from this page. */
export function Upload({ onUpload }: { onUpload: (archive: File) => Promise<void> }) {
  const input = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState(false);
  const send = async (file: File | undefined) => {
    if (!file) return;
    setSending(true);
    await onUpload(file);
    setSending(false);
    // Lets the user choose the same file again.
    if (input.current) input.current.value = '';
  };
  return (
    <p class="upload">
      <label for="archive">
        {sending ? 'Uploading…' : 'Add a version from an archive (tar.gz) without activating it'}
      </label>{' '}
      <input
        ref={input}
        id="archive"
        type="file"
        accept=".gz,.tgz,application/gzip"
        disabled={sending}
        onChange={({ currentTarget }) => void send(currentTarget.files?.[0])}
      />
    </p>
  );
}
