/** The style sheet of a report. Its hash is in the policy, so it is one constant. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --soft: #f3f5f8; --border: #d5dae1; --grid: #e6e9ee; --text: #1a2029; --muted: #556070;
--accent: #0b5cad; --first: #0b6bcb; --second: #76808f; --third: #9a5b00; --good: #19683a; --good-soft: #e9f5ee; --warn: #7a4b00;
--warn-soft: #fff4dd; --bad: #b3261e; --bad-soft: #fdeeec }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #0e1116; --soft: #1b2129; --border: #38414d; --grid: #252c36; --text: #e7eaef;
--muted: #a0abba; --accent: #7ab8ff; --first: #62a8f5; --second: #8b96a5; --third: #e3b35c; --good: #74d19b; --good-soft: #14291d;
--warn: #f0c36d; --warn-soft: #33280f; --bad: #ff9087; --bad-soft: #331a1a } }
* { box-sizing: border-box }
html { background: var(--ground); color: var(--text); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
font-variant-numeric: tabular-nums }
body { margin: 0 auto; padding: 32px 24px 48px; max-width: 56rem }
h1 { margin: 0 0 8px; font-size: 28px; line-height: 1.2 } h2 { margin: 40px 0 12px; padding-top: 12px; border-top: 1px solid var(--border); font-size: 20px }
h3 { margin: 24px 0 6px; font-size: 16px } h4 { margin: 20px 0 6px; font-size: 15px }
p { margin: 0 0 10px } ul, ol { margin: 0 0 10px; padding-left: 22px } a { color: var(--accent) }
.kind { margin: 0; color: var(--muted); font-size: 13px; letter-spacing: .04em; text-transform: uppercase }
.lead { font-size: 17px } .note, small, figcaption, footer { color: var(--muted) } .note, figcaption { font-size: 13px } small { font-size: 12px }
.name, code, dd, .prose { overflow-wrap: anywhere } code { font: 12px/1.5 ui-monospace, Consolas, monospace }
.prose { white-space: pre-line }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 }
.tiles > div { flex: 1 1 140px; padding: 10px 14px; border: 1px solid var(--border); border-radius: 8px; background: var(--soft) }
.tiles dt { color: var(--muted); font-size: 13px } .tiles dd { margin: 0; font-size: 20px; font-weight: 650 }
.tiles small { display: block; font-weight: 400 }
nav ol { columns: 3 190px; margin: 12px 0 0; padding-left: 26px; font-size: 14px } nav a { display: inline-block; padding: 2px 0; min-height: 26px }
dl { margin: 0 0 14px } section > dl > div { display: grid; grid-template-columns: minmax(9rem, 15rem) minmax(0, 1fr); gap: 2px 16px; padding: 5px 0; border-bottom: 1px solid var(--grid) }
dt { color: var(--muted) } dd { margin: 0 }
.tag { display: inline-block; margin: 1px 0; padding: 0 8px; border: 1px solid var(--border); border-radius: 10px; font-size: 13px }
.open { padding: 8px 12px; border: 1px dashed var(--warn); border-radius: 6px; background: var(--warn-soft); color: var(--warn) }
.warning, .verdict { padding: 8px 12px; border-left: 4px solid var(--warn); background: var(--warn-soft) }
.verdict { border-color: var(--second); background: var(--soft) } .promoted { border-color: var(--good); background: var(--good-soft) }
.refused { border-color: var(--bad); background: var(--bad-soft) }
.scroll { overflow-x: auto; margin: 0 0 6px } table { width: 100%; border-collapse: collapse; margin: 14px 0 6px; font-size: 14px }
caption { padding-bottom: 6px; text-align: left; font-weight: 650 } th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top }
thead th { color: var(--muted); font-size: 13px; font-weight: 600; border-color: var(--border) } tbody th { font-weight: 550; min-width: 7rem }
th.number, td.number { text-align: right } th:last-child, td:last-child { padding-right: 0 } th + th, td { padding-left: 10px }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 350px), 1fr)); gap: 8px 28px; margin: 12px 0 }
.charts > figure { max-width: 460px } .charts > .wide { grid-column: 1 / -1 } figure { margin: 0; break-inside: avoid } figure > svg { display: block; width: 100%; height: auto }
svg text { fill: var(--muted); font-size: 11px } svg .label { font-size: 12px } .wide text { font-size: 12px }
.grid { stroke: var(--grid) } .axis { stroke: var(--second) } .mark { stroke: var(--text); stroke-dasharray: 4 3 }
svg path { fill: none; stroke-width: 2 } svg .first { stroke: var(--first) } svg .second { stroke: var(--second); stroke-dasharray: 5 3 }
svg .third { stroke: var(--third); stroke-width: 1.5 } svg circle.point { fill: var(--ground); stroke-width: 2 }
svg .area { fill: var(--first) } svg .whisker { stroke: var(--text); stroke-width: 1.5 }
.key { display: inline-block; margin-right: 10px; white-space: nowrap } .key svg { vertical-align: -1px }
footer { margin-top: 40px; padding-top: 12px; border-top: 1px solid var(--border); font-size: 13px }
@media (max-width: 560px) { body { padding: 20px 14px 32px } section > dl > div { grid-template-columns: minmax(0, 1fr) } }
@page { margin: 16mm 15mm }
@media print { html { font-size: 10.5pt } body { max-width: none; padding: 0 } nav { display: none } a { color: inherit; text-decoration: none }
h2, h3, h4, caption { break-after: avoid } tr, dl > div, .open, .verdict, .warning, .tiles { break-inside: avoid } .scroll { overflow: visible } table { font-size: 9pt } th, td { padding-right: 4px } th + th, td { padding-left: 6px } small { font-size: 7.5pt }
.charts { grid-template-columns: 1fr 1fr; gap: 8px 16px } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
`;
