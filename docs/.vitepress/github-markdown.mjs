/**
 * Plugin of markdown-it, which renders pages written for GitHub. Links that leave the pages, such as `../test/x.test.ts`, lead to the repository; without its address their text
 * stays, and the link goes.
 */
export function githubMarkdown(md, address) {
  md.core.ruler.push('outward-links', ({ tokens }) => {
    for (const { children } of tokens) {
      let isOpen = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open' && token.attrGet('href').startsWith('../')) {
          if (address) token.attrSet('href', `${address}/blob/main/${token.attrGet('href').slice(3)}`);
          else {
            token.tag = 'span';
            token.type = 'span_open';
            token.attrs = null;
            isOpen = true;
          }
        } else if (token.type === 'link_close' && isOpen) {
          token.tag = 'span';
          token.type = 'span_close';
          isOpen = false;
        }
      }
    }
  });
  // Double braces in code are no templates.
  md.renderer.rules.code_block = (tokens, i) =>
    `<pre v-pre><code>${md.utils.escapeHtml(tokens[i].content)}</code></pre>\n`;
  md.renderer.rules.code_inline = (tokens, i) => `<code v-pre>${md.utils.escapeHtml(tokens[i].content)}</code>`;
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, i, ...rest) => {
    const { info, content } = tokens[i];
    return info.trim() === 'mermaid' ? `<Diagram code="${encodeURIComponent(content)}" />` : fence(tokens, i, ...rest);
  };
}
