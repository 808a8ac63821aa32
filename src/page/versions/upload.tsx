import { useRef, useState } from 'preact/hooks';
import { uploadVersion } from '../client/api.js';

export interface UploadProps {
  /** Called with what the service made of it: the new version, or why there is none. */
  readonly onEnd: (upload: Promise<{ readonly model_version: string }>) => Promise<void>;
}

/** Adds a version from an archive, such as one that was downloaded here. */
export function Upload({ onEnd }: UploadProps) {
  const input = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState(false);
  const send = async (file: File | undefined) => {
    if (!file) return;
    setSending(true);
    await onEnd(uploadVersion(file));
    setSending(false);
    // The same file can be chosen again.
    if (input.current) input.current.value = '';
  };
  return (
    <p class="upload">
      <label for="archive">
        {sending ? 'Sending …' : 'Add a version from an archive (tar.gz); it does not serve yet'}
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
