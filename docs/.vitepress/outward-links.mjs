/**
 * Plugin of markdown-it. Links that leave the pages, such as `../test/x.test.ts`, lead to the repository; without its address their text
 * stays, and the link goes.
 */
export function outwardLinks(md, address) {
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
  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, i, ...rest) => {
    const { info, content } = tokens[i];
    return info.trim() === 'mermaid' ? `<Diagram code="${encodeURIComponent(content)}" />` : fence(tokens, i, ...rest);
  };
}
