/** The style sheet of every page: light and dark, narrow and wide. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #15171b);
  --raised: light-dark(#f6f7f9, #1d2026);
  --shade: light-dark(#1b1f2438, #000000b0);
  --line: light-dark(#dfe3e8, #333842);
  --ink: light-dark(#1b1f24, #e4e7ec);
  --soft: light-dark(#5c6670, #9aa4b1);
  --accent: light-dark(#1f5fbf, #7db1ff);
  --c0: light-dark(#2f6fd0, #6ea8ff);
  --c1: light-dark(#c4620c, #f2a154);
  --c2: light-dark(#1f8a63, #57c79b);
  --c3: light-dark(#7e50b8, #b994ea);
  --good: light-dark(#1f8a55, #58c98d);
  --bad: light-dark(#c23a34, #ff7b72);
  --low: light-dark(#c9d8ee, #2b3a55);
  --high: light-dark(#0b3a86, #cfe1ff);
  --hot: light-dark(#f08c1d, #c96f0a);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
* { box-sizing: border-box; }
html { scroll-padding-top: 4.6rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; z-index: 9; background: var(--paper); padding: .3rem .6rem; }
.bar { position: sticky; top: 0; z-index: 5; background: var(--paper); border-bottom: 1px solid var(--line); }
.bar > div { max-width: 1240px; margin: 0 auto; padding: .4rem 1.25rem; display: flex; gap: .8rem; align-items: center; white-space: nowrap; }
.bar .links { display: flex; flex-wrap: wrap; gap: 0 1rem; flex: 1; padding: .15rem; font-size: .92rem; }
.bar .links a { padding: .15rem 0; flex: none; }
.bar button { flex: none; }
.bar a { color: var(--soft); text-decoration: none; }
.bar a:hover, .bar a:focus-visible { color: var(--ink); }
.bar .uncover { font-size: .87rem; } .uncover .brief { display: none; }
main { max-width: 1240px; margin: 0 auto; padding: 1.5rem 1.25rem 5rem; }
header.lead h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0 .4rem; letter-spacing: -.01em; }
header.lead p { margin: 0; color: var(--soft); max-width: 75ch; }
section { margin-top: 2.75rem; }
h2 { font-size: 1.3rem; margin: 0 0 .35rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p.note { color: var(--soft); margin: .3rem 0 .9rem; max-width: 85ch; }
code, .mono { font-family: var(--mono); font-size: .92em; }
button, select, input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .55rem; }
button { cursor: pointer; }
button:hover { border-color: var(--soft); }
/* Shadows at the edges beyond which there is more: the first two layers go with what is scrolled and cover them at its ends. */
.scroll { overflow-x: auto; }
div.scroll { background: linear-gradient(90deg, var(--paper) 40%, transparent) 0 0 / 2rem 100% no-repeat local, linear-gradient(270deg, var(--paper) 40%, transparent) 100% 0 / 2rem 100% no-repeat local, linear-gradient(90deg, var(--shade), transparent) 0 0 / .8rem 100% no-repeat scroll, linear-gradient(270deg, var(--shade), transparent) 100% 0 / .8rem 100% no-repeat scroll; }
.scroll > svg { max-width: none; }
pre.scroll { white-space: pre-wrap; overflow-wrap: anywhere; }
.fluid { padding: 0 var(--right) 0 var(--left); }
.fluid svg { width: 100%; height: var(--height); max-width: none; }
.fluid :is(.line, .rise) { vector-effect: non-scaling-stroke; }
.fluid .beside { transform: translate(6px, calc(4px + var(--shift))); }
.scroll > table th:first-child, .scroll > table td:first-child { position: sticky; left: 0; background: var(--paper); }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .34rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); font-size: .87rem; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th.text, td.text { text-align: left; white-space: normal; }
.downloads { display: flex; gap: .4rem; margin: .4rem 0 1rem; }
.downloads button { font-size: .78rem; padding: .1rem .5rem; min-height: 24px; color: var(--soft); }
tbody tr:hover { background: var(--raised); }
td.none { color: var(--soft); font-size: .87em; }
.scroll > table thead th { white-space: normal; vertical-align: bottom; }
.stacked :is(th, td):not(:first-child) { padding-inline: .5rem; }
.stacked :is(.noise, .sub) { display: block; margin: 0; }
.stacked tbody th { white-space: normal; max-width: 17rem; min-width: 9rem; }
td .noise { color: var(--soft); font-size: .87em; white-space: nowrap; }
td .sub { color: var(--soft); font-size: .87em; margin-left: .35em; }
td .caveat { color: var(--bad); white-space: normal; }
.stacked td .caveat { width: min-content; min-width: 4.6em; margin-left: auto; }
.columns dl { display: grid; grid-template-columns: max-content minmax(0, 60ch); gap: .3rem 1.2rem; margin: 0 0 .8rem; font-size: .92rem; }
.columns dt { color: var(--soft); font-weight: 600; } .columns dd { margin: 0; }
.swatch { display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin-right: .5em; vertical-align: -.02em; }
.s0 { background: var(--c0); } .s1 { background: var(--c1); } .s2 { background: var(--c2); } .s3 { background: var(--c3); }
figure { margin: .8rem 0; }
figcaption { color: var(--soft); font-size: .9rem; margin-bottom: .2rem; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: .5rem 1.5rem; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--soft); }
svg .axis { stroke: var(--line); stroke-width: 1; fill: none; }
svg .grid { stroke: var(--line); stroke-width: 1; opacity: .55; }
svg .reference { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; fill: none; }
svg .f0 { fill: var(--c0); } svg .f1 { fill: var(--c1); } svg .f2 { fill: var(--c2); } svg .f3 { fill: var(--c3); }
svg .l0 { stroke: var(--c0); } svg .l1 { stroke: var(--c1); } svg .l2 { stroke: var(--c2); } svg .l3 { stroke: var(--c3); }
svg .d1 { stroke-dasharray: 7 4; } svg .d2 { stroke-dasharray: 2 4; }
svg .hollow { fill: var(--paper); stroke-width: 1.8; }
svg .whisker { stroke-width: 1.4; opacity: .75; }
svg.sample { display: inline-block; margin-right: .4em; vertical-align: .1em; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg circle.rise { fill: var(--bad); }
svg polyline.rise { fill: none; stroke: var(--bad); stroke-width: 7; opacity: .4; stroke-linejoin: round; }
svg .off { fill: var(--line); }
svg .mark { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; color: var(--soft); font-size: .9rem; margin: .3rem 0; }
.swatch.point { background: var(--swatch); }
.legend .scale { display: inline-block; width: 7rem; height: .7em; margin: 0 .5em; border-radius: 2px; background: linear-gradient(90deg, var(--low), var(--high)); }
canvas { display: block; width: 100%; height: min(29rem, 56vh); touch-action: pinch-zoom; cursor: crosshair; border: 1px solid var(--line); border-radius: 6px; }
canvas.pointing { cursor: pointer; }
.shades { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: center; }
.browser .detail > p[role=status] { height: 1.5em; margin: .3rem 0; color: var(--ink); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: none; }
.counted { display: flex; justify-content: space-between; align-items: center; min-height: 1.9rem; }
.counted button { font-size: .85rem; padding: .1rem .5rem; min-height: 24px; }
[hidden] { display: none; }
.legend .rise { background: var(--bad); border-radius: 50%; }
.legend .mark { background: none; border-bottom: 2px solid var(--ink); border-radius: 0; }
.warn { border-left: 3px solid var(--bad); padding: .2rem .8rem; margin: .6rem 0; }
.warn details { color: var(--soft); font-size: .87rem; } .warn details > summary { margin: 0; width: max-content; }
details > summary { cursor: pointer; color: var(--accent); margin: .6rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem 1.8rem; margin: .8rem 0; padding: 0; list-style: none; }
.facts b { display: block; font-size: 1.25rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts span { color: var(--soft); font-size: .87rem; }
.facts b span { color: inherit; font-size: inherit; }
.facts b .noise { color: var(--soft); font-size: .72em; font-weight: 400; }
.browser { margin-top: .9rem; display: grid; grid-template-columns: minmax(280px, 380px) minmax(0, 1fr); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; height: min(46rem, 88vh); }
.browser .side { display: flex; flex-direction: column; border-right: 1px solid var(--line); min-height: 0; }
.browser .controls { display: flex; flex-direction: column; gap: .45rem; padding: .6rem; border-bottom: 1px solid var(--line); background: var(--raised); }
.browser .controls select, .browser .controls input { width: 100%; min-width: 0; }
.browser .count { color: var(--soft); font-size: .85rem; }
.browser .side ul { list-style: none; margin: 0; padding: 0; overflow-y: auto; overflow-anchor: none; flex: 1; min-height: 0; }
.browser .side li { height: 4.7rem; overflow: hidden; align-content: start; padding: .45rem .7rem; border-bottom: 1px solid var(--line); cursor: pointer; display: grid; grid-template-columns: 1fr auto; gap: 0 .6rem; }
.browser .side li:hover { background: var(--raised); }
.browser .side li[aria-selected="true"] { background: color-mix(in srgb, var(--accent) 14%, var(--paper)); box-shadow: inset 3px 0 var(--accent); }
.browser .side li .id { font-family: var(--mono); font-size: .87rem; }
.browser .side li .value { font-size: .85rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.browser .side li .what { grid-column: 1 / -1; color: var(--soft); font-size: .87rem; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow-wrap: anywhere; }
.browser .detail { overflow-y: auto; padding: 1rem 1.2rem 2rem; min-width: 0; }
.browser .detail h3:first-child { margin-top: 0; font-size: 1.15rem; }
.browser .detail h4 { margin: 1.3rem 0 .35rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); }
#explorer, .browser[hidden] { display: none; }
.exploring main > :not(.lead, #explorer), .exploring .lead > :not(h1) { display: none; }
.exploring #explorer { display: block; margin-top: 1rem; }
.views { display: flex; flex-wrap: wrap; gap: .5rem; }
.views a { border: 1px solid var(--line); border-radius: 6px; padding: .25rem .7rem; text-decoration: none; }
.views a[aria-current="true"] { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 14%, var(--paper)); }
.views a:last-child { border-color: transparent; }
.metas { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: .8rem; }
.listed { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .3rem 0; }
.listed a { display: inline-block; min-width: 24px; min-height: 24px; }
.listed small { color: var(--soft); }
.meta { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem; min-width: 0; }
.meta header, .shared li { display: grid; grid-template-columns: 1fr auto 5rem; gap: 0 .6rem; align-items: center; }
.meta header { font-weight: 600; }
.shared { list-style: none; margin: .4rem 0; padding: 0; }
.shared li { padding: .25rem 0; border-top: 1px solid var(--line); }
.shared .what { grid-column: 1 / -1; color: var(--soft); font-size: .87rem; overflow-wrap: anywhere; }
.common { font-size: .9rem; color: var(--soft); margin: .35rem 0; line-height: 1.9; }
.common .chip { display: inline-block; color: var(--ink); margin-right: .35rem; } .common small { color: var(--soft); }
.number { font-variant-numeric: tabular-nums; }
.track { display: block; height: .5rem; background: var(--raised); border-radius: 3px; overflow: hidden; }
.track .fill { display: block; height: 100%; width: calc(var(--w) * 100%); background: var(--c0); }
.sharing .text { min-width: 16rem; overflow-wrap: anywhere; }
.users td { vertical-align: top; } .users td.strength { min-width: 6rem; }
.users .text { min-width: 16rem; overflow-wrap: anywhere; }
.explanation { font-size: 1.02rem; overflow-wrap: anywhere; margin: .2rem 0 .6rem; }
.context { font-family: var(--mono); font-size: .84rem; line-height: 1.7; padding: .25rem .5rem; border-bottom: 1px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; display: grid; grid-template-columns: 4.6em 1fr; gap: .6em; }
.context .strength { color: var(--soft); text-align: right; white-space: nowrap; }
.context button.strength { font: inherit; line-height: inherit; min-height: 24px; padding: 0; border: 0; background: none; align-self: start; }
.context button.strength::before { content: "▸"; float: left; } .context button[aria-expanded="true"]::before { content: "▾"; }
.context button.strength:hover { color: var(--ink); }
.context .around { color: var(--soft); }
.context > span:last-child, .explanation, .what, pre.prose { unicode-bidi: plaintext; }
.chip, .tokens button { unicode-bidi: isolate; }
.t, td.shaded { background: color-mix(in srgb, var(--hot) calc(var(--a, 0) * 60%), transparent); }
.t { border-radius: 2px; padding: .1em 0; }
.values .t::after { content: attr(data-value); font-size: .72em; vertical-align: super; color: var(--soft); }
.reading { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 .8rem; }
.reading [aria-pressed="true"] { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 14%, var(--paper)); }
.reading .back { display: none; }
.t.pivot { box-shadow: inset 0 -2px var(--hot); }
.chip { font-family: var(--mono); font-size: .84rem; background: var(--raised); border: 1px solid var(--line); border-radius: 4px; padding: .02rem .3rem; white-space: pre; }
.any { color: var(--soft); padding: 0 .25rem; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; }
.weights { width: 100%; }
.weights td { padding: .12rem .3rem; border: 0; }
.weights td:first-child { width: 45%; overflow: hidden; text-overflow: ellipsis; max-width: 0; }
meter { width: 100%; height: .8rem; }
.compare { display: grid; grid-template-columns: max-content 1fr max-content; gap: .15rem .7rem; align-items: center; max-width: 30rem; font-size: .9rem; }
.compare .track { height: .6rem; }
.compare .fill.other { background: var(--soft); }
.spark { display: flex; align-items: flex-end; gap: 1px; height: 44px; max-width: 30rem; border-bottom: 1px solid var(--line); }
.spark i { flex: 1; background: var(--c0); height: calc(var(--h) * 100%); min-height: 0; }
.ends { display: flex; justify-content: space-between; max-width: 30rem; color: var(--soft); font-size: .78rem; font-variant-numeric: tabular-nums; }
.sr { position: absolute; left: -999px; }
.empty { color: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: .87rem; }
.graph.column { display: none; }
.wide-graph .graph { width: min(var(--wide), max(100%, .72 * var(--wide))); }
.graph text { fill: var(--ink); font-size: 12px; }
.graph .kind { fill: var(--soft); font-size: 10.5px; }
.graph .edge { fill: none; stroke: var(--soft); opacity: .45; stroke-width: 1.3; }
.graph rect { fill: var(--raised); stroke: var(--line); stroke-width: 1.2; }
.graph .made rect { stroke: var(--c2); } .graph .none rect { stroke-dasharray: 4 3; }
.graph .made circle { fill: var(--c2); } .graph .none circle { fill: var(--line); }
.trace { max-width: none; } .trace text { fill: var(--ink); font-size: 11.5px; }
.trace .more { stroke: var(--c0); fill: none; } .trace .less { stroke: var(--c1); fill: none; stroke-dasharray: 4 3; }
.trace .latent { fill: var(--c2); } .trace .error { fill: var(--soft); } .trace .token, .trace .logit { fill: var(--ink); }
.graph .running rect { stroke: var(--accent); stroke-width: 2.5; } .graph .running circle { fill: var(--accent); }
.graph .failed rect { stroke: var(--bad); } .graph .failed circle { fill: var(--bad); }
ul.running { list-style: none; padding: 0; } ul.running li { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: center; }
#live form { display: grid; gap: .6rem; max-width: 60rem; margin: .6rem 0; }
#live .clamp { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); align-items: end; margin-bottom: .4rem; }
#live table:not(.cards) td.text { min-width: 15rem; } #live td .chip { margin-right: .3rem; }
#live label span { display: block; color: var(--soft); font-size: .87rem; }
#live label > :not(span), textarea { width: 100%; }
#live form > button { justify-self: start; }
textarea { font: .9rem/1.5 var(--mono); color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .4rem .55rem; }
.tokens { display: flex; flex-wrap: wrap; gap: 2px; margin: .6rem 0; }
.tokens button { font: .84rem/1.6 var(--mono); white-space: pre; min-height: 24px; min-width: 24px; padding: 0 .2rem; background: color-mix(in srgb, var(--hot) calc(var(--a, 0) * 60%), transparent); }
.tokens [aria-pressed="true"] { border-color: var(--ink); }
.status.none { color: var(--soft); }
.about { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 42%), 1fr)); gap: .5rem 1.6rem; margin: .6rem 0; }
.about dt { color: var(--soft); font-size: .87rem; }
.about dd { margin: 0; overflow-wrap: anywhere; }
pre.prose { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { font: .84rem/1.5 var(--mono); background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; margin: .8rem 0; }
td.track { display: table-cell; height: auto; background: none; min-width: 8rem; }
td.track svg rect { fill: var(--c0); }
@media (min-width: 821px) { .exploring .browser:not([hidden]) { height: max(30rem, calc(100vh - 21.5rem)); } }
@media (max-width: 820px) {
  .bar .links { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: thin; }
  .uncover .long { position: absolute; left: -999px; } .uncover .brief { display: inline; }
  .browser { grid-template-columns: 1fr; height: auto; }
  .browser .side { border-right: 0; height: min(36rem, 85vh); border-bottom: 1px solid var(--line); }
  .browser .controls { display: grid; grid-template-columns: 1fr 1fr; }
  .browser .controls > :is(input, [aria-label="SAE"], .counted) { grid-column: 1 / -1; }
  .two { grid-template-columns: 1fr; gap: 0; }
  .users thead { position: absolute; left: -999px; }
  .users tr { display: grid; grid-template-columns: 5rem 1fr; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .users td { border: 0; padding: .2rem 0; } .users .text { grid-column: 1 / -1; min-width: 0; }
  canvas { height: auto; aspect-ratio: 1; }
  .browser .detail { scroll-margin-top: 3.6rem; }
  .reading .back { display: inline-block; }
}
@media (max-width: 460px) { .browser .controls { grid-template-columns: 1fr; } }
@media screen and (max-width: 820px) {
  .wide-graph { display: none; }
  .graph.column { display: block; width: min(100%, 30rem); margin: 0 auto; }
  .fluid .beside { text-anchor: end; transform: translateY(-4px); } .fluid .beside.under { transform: translateY(11px); }
  .fluid:has(.beside) { padding-right: 8px; }
  .scroll > table :is(th, td):not(:first-child) { padding-inline: .4rem; } .scroll > table .noise { display: block; }
  .columns dl { grid-template-columns: 1fr; gap: 0; } .columns dd { margin-bottom: .5rem; }
  .cards { display: block; } .cards tbody { display: block; } .cards thead { position: absolute; left: -999px; }
  .cards tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: .5rem .8rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
  .scroll > .cards :is(th, td) { position: static; text-align: left; padding: 0; border: 0; min-width: 0; white-space: normal; overflow-wrap: anywhere; }
  .cards tbody :first-child:is(th, td) { grid-column: 1 / -1; } .cards td.text { grid-column: 1 / -1; } .cards td.track svg { max-width: 100%; }
  .cards td .caveat { width: auto; }
  .cards td[data-name]::before { content: attr(data-name); display: block; color: var(--soft); font-size: .8rem; }
}
@media (max-width: 820px), (pointer: coarse) {
  button, select, input, .views a { min-height: 44px; }
  details > summary { margin: 0; padding: .72rem 0; }
  .bar .links a, .views a, .listed a { display: flex; align-items: center; }
  .bar .links a, .listed a { min-height: 44px; min-width: 44px; }
  .listed > span { display: flex; align-items: center; gap: .3rem; }
  .downloads button, .counted button, .tokens button { min-height: 44px; min-width: 44px; }
}
@media print {
  @page { margin: 14mm 12mm; }
  :root, :root[data-theme] { color-scheme: light; }
  html { font-size: 10pt; }
  body { font-size: 9.5pt; }
  main { max-width: none; padding: 0; }
  .bar, .downloads, .copy, .browser .side, .reading, .views, #live form { display: none; }
  .browser { display: block; height: auto; }
  section { margin-top: 1.4rem; }
  h2, h3, h4, figcaption, thead { break-after: avoid; }
  figure, tr, .context, .meta { break-inside: avoid; }
  .scroll { overflow: visible; }
  .scroll > svg { width: auto; max-width: 100%; }
  .scroll > table { font-size: 8pt; }
  .scroll > table :is(th, td) { position: static; padding: .2rem .3rem; white-space: normal; font-size: inherit; }
  .scroll > table tbody th { white-space: nowrap; }
  .scroll > .stacked { font-size: 6.6pt; }
  .scroll > .stacked :is(th, td) { padding: .2rem .15rem; }
  td .noise, th .swatch { white-space: nowrap; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .t, td.shaded, .track, .fill, .spark i, .swatch { print-color-adjust: exact; }
}
`
