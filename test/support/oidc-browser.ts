/** A client that keeps cookies and follows redirects, as a browser without scripts does. */
export class OidcBrowser {
  /** By origin. */
  private readonly jars = new Map<string, Map<string, string>>();

  /** Sends one request, without following a redirect. */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.jars.get(origin) ?? new Map<string, string>();
    this.jars.set(origin, jar);
    const cookie = Array.from(jar, ([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(cookie ? { cookie } : {}) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name!);
      else jar.set(name!, value!);
    }
    return response;
  }

  /** The names of the cookies of an origin. */
  cookies(origin: string): string[] {
    return Array.from(this.jars.get(origin)?.keys() ?? []);
  }

  /** Follows redirects from `url` and signs in at the issuer as `user`, until it arrives at `origin` again. Returns that URL. */
  async signIn(url: string, user: string, origin: string): Promise<string> {
    let response = await this.fetch(url);
    for (let at = url, i = 0; i < 20; i++) {
      const location = response.headers.get('location');
      if (location === null) {
        // The forms of oidc-provider's own pages: first the sign-in, then the consent.
        const text = await response.text();
        const [, action] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
        const [, prompt] = /name="prompt" value="(\w+)"/.exec(text) ?? [];
        if (!action || !prompt) throw new Error(`no form at ${at}: ${response.status} ${text.slice(0, 1000)}`);
        const body = new URLSearchParams({ prompt, login: user, password: 'any' });
        at = new URL(action, at).href;
        response = await this.fetch(at, { method: 'POST', body });
        continue;
      }
      at = new URL(location, at).href;
      if (new URL(at).origin === origin) return at;
      response = await this.fetch(at);
    }
    throw new Error('too many redirects');
  }
}
