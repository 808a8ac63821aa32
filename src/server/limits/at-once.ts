/** Counts what each client holds at the same time. What is not held takes no memory. */
export class AtOnce {
  private readonly held = new Map<string, number>();

  /** What `client` holds. */
  of(client: string): number {
    return this.held.get(client) ?? 0;
  }

  add(client: string, amount: number): void {
    const held = this.of(client) + amount;
    if (held > 0) this.held.set(client, held);
    else this.held.delete(client);
  }

  /** Adds an amount. Returns a function that removes it, the first time that it is called. */
  hold(client: string, amount = 1): () => void {
    this.add(client, amount);
    let isHeld = true;
    return () => {
      if (isHeld) this.add(client, -amount);
      isHeld = false;
    };
  }
}
