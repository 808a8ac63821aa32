/** The part of `GET /drift` that the demo reads. */
interface DriftReply {
  readonly detected: boolean;
  readonly groups: readonly {
    readonly group: string;
    readonly detected: boolean;
    readonly cause: { readonly by: string; readonly name: string } | null;
    readonly evidence: { readonly columns: readonly { readonly name: string; readonly words: string }[] } | null;
  }[];
  readonly windows: readonly {
    readonly columns: readonly {
      readonly name: string;
      readonly score: number | null;
      readonly threshold: number | null;
      readonly words: string;
    }[];
  }[];
}

/** Summarises the drift report of the service. */
export class Verdict {
  private readonly reply: DriftReply;

  private constructor(reply: DriftReply) {
    this.reply = reply;
  }

  static async fetch(url: string, signal: AbortSignal): Promise<Verdict> {
    const response = await fetch(`${url}/drift`, { signal });
    if (!response.ok) throw new Error(`GET /drift: ${response.status} ${await response.text()}`);
    return new Verdict((await response.json()) as DriftReply);
  }

  /** Returns whether there is drift, and the evidence for a column. */
  about(name: string): string {
    const { detected } = this.reply;
    const { score, threshold, words } = this.column(name);
    const evidence =
      score === null || threshold === null
        ? 'no full window yet'
        : `score ${score.toFixed(1)}, threshold ${threshold.toFixed(1)}`;
    return `${detected ? 'DRIFT   ' : 'no drift'}   ${name}: ${evidence}${words && `, ${words}`}`;
  }

  /** The groups with an alarm, each with its cause in words. */
  get alarms(): ReadonlyMap<string, string> {
    const raised = this.reply.groups.filter(({ detected }) => detected);
    return new Map(
      raised.map(({ group, cause, evidence }) => {
        const { name, by } = cause!;
        const first = evidence?.columns[0];
        const words = first?.words ? `: ${first.name}: ${first.words}` : '';
        return [group, `${name}, by ${by === 'window' ? 'the latest window' : 'a control chart'}${words}`];
      }),
    );
  }

  private column(name: string) {
    return this.reply.windows[0]!.columns.find((column) => column.name === name)!;
  }
}
