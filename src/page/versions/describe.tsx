import { useEffect, useRef, useState } from 'preact/hooks';
import { NOTE_SECTIONS } from '../../model/versions/note-sections.js';
import { annotateVersion, getAnnotations, ServiceError } from '../client/api.js';
import { Failure, useFailure } from '../parts/failure.js';
import { capital } from '../parts/format.js';
import { changeOf, type Draft, draftOf, rebase, SECTIONS } from './draft.js';

/** Headings of the fields and what belongs there. */
const LABELS: Readonly<Record<string, readonly [heading: string, hint: string]>> = {
  description: ['Description', 'what the version is, in a few sentences'],
  tags: ['Tags', 'separated by commas'],
  ...NOTE_SECTIONS,
};
const MAX_LETTERS = 4000;

export interface DescribeProps {
  readonly version: string;
  /** Called once, with whether a description was stored. */
  readonly onEnd: (isStored: boolean) => void;
}

/** What is stored, as the form shows it, and its tag. */
interface Stored {
  readonly draft: Draft;
  readonly tag: string;
}

async function readStored(version: string): Promise<Stored> {
  const { annotations, tag } = await getAnnotations(version);
  return { draft: draftOf(annotations), tag };
}

/** A dialog in which the user describes a version. Escape cancels. What another user has stored meanwhile is not overwritten unseen. */
export function Describe({ version, onEnd }: DescribeProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [stored, setStored] = useState<Stored | null>(null);
  const [draft, setDraft] = useState<Draft>({});
  /** Of fields that both have changed, what the other user has stored. */
  const [theirs, setTheirs] = useState<Draft>({});
  const [isSending, setSending] = useState(false);
  const [failure, attempt] = useFailure();

  useEffect(() => {
    dialog.current?.showModal();
    void attempt(async () => {
      const found = await readStored(version);
      setStored(found);
      setDraft(found.draft);
    });
  }, []);

  const save = () =>
    attempt(async () => {
      if (!stored || isSending) return;
      setSending(true);
      try {
        await annotateVersion(version, changeOf(stored.draft, draft), stored.tag);
        dialog.current?.close('stored');
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== 'ANNOTATIONS_CHANGED') throw error;
        await showTheirs(stored);
      } finally {
        setSending(false);
      }
    });

  /** Adds to the form what another user has stored since `before`. The next attempt to save replaces it. */
  const showTheirs = async (before: Stored) => {
    const found = await readStored(version);
    const { draft: merged, conflicts } = rebase(before.draft, draft, found.draft);
    setStored(found);
    setDraft(merged);
    setTheirs(Object.fromEntries(conflicts.map((field) => [field, found.draft[field]!])));
    const both = conflicts.map((field) => LABELS[field]![0]).join(', ');
    throw new Error(
      `Another user has described version ${version} meanwhile. ` +
        (both
          ? `You have both changed: ${both}. Their text is shown there; saving again replaces it with yours.`
          : 'Their changes are in the form now. Save again to add yours.'),
    );
  };

  const field = (name: string, rows: number) => {
    const [heading, hint] = LABELS[name]!;
    const id = `describe-${name}`;
    const common = {
      id,
      'aria-describedby': `${id}-hint`,
      value: draft[name],
      onInput: ({ currentTarget }: { currentTarget: { value: string } }) =>
        setDraft({ ...draft, [name]: currentTarget.value }),
    };
    return (
      <div class="described" key={name}>
        <label for={id}>{heading}</label> <small id={`${id}-hint`}>{capital(hint)}</small>
        {theirs[name] === undefined ? null : (
          <p class="theirs">
            Stored meanwhile: <bdi class="name">{theirs[name] || '(nothing)'}</bdi>
          </p>
        )}
        {name === 'tags' ? (
          <input type="text" inputMode="text" {...common} />
        ) : (
          <textarea rows={rows} maxLength={MAX_LETTERS} {...common} />
        )}
      </div>
    );
  };

  return (
    <dialog
      ref={dialog}
      class="describe"
      aria-labelledby="describe-title"
      onClose={() => onEnd(dialog.current?.returnValue === 'stored')}
    >
      <h2 id="describe-title">Describe version {version}</h2>
      <p>All of it is in the report of the version. What is empty is marked there as to be filled in.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {stored
          ? ['description', 'tags', ...SECTIONS].map((name) => field(name, name === 'description' ? 3 : 2))
          : null}
        <div class="actions">
          <Failure message={failure} />
          <button type="submit" class="first" disabled={!stored || isSending}>
            {isSending ? 'Saving…' : 'Save'}
          </button>
          <button type="button" onClick={() => dialog.current?.close('')}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}
