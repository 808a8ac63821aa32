import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../../../src/base/html/html.js';

test('values are escaped in text and between quotes, markup and lists are inserted, and nothing is nothing', () => {
  const hostile = `<script>alert('1')</script>" onload="x & y\``;
  assert.equal(
    html`<p title="${hostile}">${hostile}</p>`.text,
    '<p title="&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#34; onload=&#34;x &#38; y&#96;">' +
      '&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#34; onload=&#34;x &#38; y&#96;</p>',
  );
  assert.equal(html`${[html`<b>${1}</b>`, '<', [2]]}${null}${undefined}${false}${0}`.text, '<b>1</b>&#60;20');
});

test('control characters become replacement characters; tabs, line breaks and other scripts stay', () => {
  assert.equal(html`${'a\u0000b\u001bc\u0085d'}`.text, 'a\ufffdb\ufffdc\ufffdd');
  assert.equal(html`${'a\tb\nc – 日本語 😀'}`.text, 'a\tb\nc – 日本語 😀');
});
