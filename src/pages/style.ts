/** The style of all pages: system fonts, light and dark, two columns on a desk, one on a phone. */

export const style = `:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2127, #e6e9ed);
  --quiet: light-dark(#56616f, #9aa6b5);
  --page: light-dark(#ffffff, #14181d);
  --card: light-dark(#f6f8fa, #1b2128);
  --line: light-dark(#d5dbe2, #333d49);
  --accent: light-dark(#0b57b0, #7cb4ff);
  --on-accent: light-dark(#ffffff, #0b1420);
  --good: light-dark(#13693b, #6fd39b);
  --bad: light-dark(#b3261e, #ff9a92);
  --text: light-dark(#7a3e00, #f0b27a);
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
body[aria-busy] { cursor: progress; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.5rem; padding: .6rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--card); }
.brand { margin: 0; font-weight: 700; }
.brand small { font-weight: normal; }
main { max-width: 60rem; margin: 0 auto; padding: 1.25rem; }
main:focus { outline: none; }
main.narrow { max-width: 32rem; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem; background: var(--page); }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
h2 small { font-size: .875rem; font-weight: normal; }
h3 { margin: 1rem 0 .25rem; font-size: 1rem; }
h4 { margin: .75rem 0 .25rem; font-size: .875rem; }
small, .quiet { color: var(--quiet); }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
header nav { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; }
header nav a { padding: .35rem 0; text-decoration: none; }
header nav a:hover { text-decoration: underline; }
header nav a[aria-current] { color: var(--ink); font-weight: 600; box-shadow: 0 2px var(--accent); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
label { display: block; font-size: .875rem; font-weight: 600; }
input, select, textarea, button, .button { font: inherit; color: inherit; }
input, select, textarea { width: 100%; min-height: 2.5rem; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--page); }
input[type=checkbox] { width: 1.15rem; min-height: 1.15rem; height: 1.15rem; margin: 0; flex: none; accent-color: var(--accent); }
textarea { font: .875rem/1.5 var(--mono); resize: vertical; white-space: pre; overflow: auto; }
button, .button {
  display: inline-flex; align-items: center; min-height: 2.5rem; padding: .4rem 1.1rem; border: 1px solid transparent; border-radius: 6px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; cursor: pointer;
}
.second { background: none; color: var(--accent); border-color: var(--line); font-weight: normal; padding: .4rem .8rem; }
button:hover, .button:hover { filter: brightness(1.1); }
.second:hover { border-color: var(--accent); }
.key { display: grid; grid-template-columns: auto 14rem auto; align-items: center; gap: 0 .6rem; margin-left: auto; }
.key small { grid-column: 2 / -1; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: .75rem 1rem; margin: .75rem 0; }
.buttons { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; }
.presets { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; margin-left: .5rem; color: var(--quiet); }
summary { cursor: pointer; }
.columns { display: grid; grid-template-columns: 20rem minmax(0, 1fr); }
.columns main { margin: 0; max-width: 64rem; }
aside { position: sticky; top: 0; max-height: 100vh; overflow: auto; padding: 1.25rem; border-right: 1px solid var(--line); }
#index h2 { margin: 1rem 0 .25rem; font-size: .875rem; }
#index h2 a { color: inherit; text-decoration: none; }
#index ul { margin: 0; padding: 0; list-style: none; }
#index li a { display: grid; grid-template-columns: 2.5rem 1fr; padding: .15rem 0; font: .78rem/1.5 var(--mono); color: var(--ink); text-decoration: none; overflow-wrap: anywhere; }
#index .method { min-width: 0; }
#index li a:hover { color: var(--accent); text-decoration: underline; }
.operation { scroll-margin-top: 1rem; }
details.operation { margin: .5rem 0; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
details.operation > summary { padding: .6rem .8rem; overflow-wrap: anywhere; }
details.operation > div { padding: .25rem .8rem .8rem; border-top: 1px solid var(--line); }
.operation > summary > *, article h3 > * { margin-right: .6rem; }
article { margin: 1.25rem 0; padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
article h3 .quiet { font-weight: normal; }
.method { display: inline-block; min-width: 3rem; font: 700 .75rem/1.5 var(--mono); color: var(--good); }
.method.post { color: var(--text); }
.path { font: 600 .925rem/1.5 var(--mono); overflow-wrap: anywhere; }
.tag { padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .75rem; font-weight: normal; color: var(--quiet); white-space: nowrap; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td:first-child, code { font-family: var(--mono); font-size: .85rem; }
pre {
  margin: .5rem 0; padding: .75rem; max-height: 32rem; overflow: auto; border: 1px solid var(--line); border-radius: 6px;
  background: var(--page); font: .8125rem/1.5 var(--mono); tab-size: 2;
}
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
.json-key { color: var(--accent); }
.json-text { color: var(--text); }
.json-number, .json-word { color: var(--good); }
.bar-of-tools { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem; margin: .75rem 0; }
.bar-of-tools > :first-child { flex: 1 1 16rem; max-width: 26rem; }
#status { position: sticky; top: 0; z-index: 1; margin: 0; padding: .5rem 0; background: var(--page); }
#status:empty { padding: 0; }
#notes ul { margin: .25rem 0; padding-left: 1.5rem; max-height: 12rem; overflow: auto; }
#tree { border: 1px solid var(--line); border-radius: 8px; padding: .25rem .75rem; max-height: 40rem; overflow: auto; }
#tree ul { margin: 0; padding: 0; list-style: none; }
#tree ul ul { margin-left: .5rem; padding-left: .85rem; border-left: 1px solid var(--line); }
#tree li > .row { padding-left: 1.25rem; }
#tree summary { display: flex; align-items: center; list-style: none; }
#tree summary::-webkit-details-marker { display: none; }
#tree summary::before { content: "▸"; flex: none; width: 1.25rem; color: var(--quiet); }
#tree details[open] > summary::before { content: "▾"; }
.row { display: flex; flex: 1; align-items: center; gap: .5rem; min-width: 0; min-height: 1.9rem; }
.row:hover { background: var(--card); }
.row label { flex: 1; min-width: 0; font: .875rem/1.4 var(--mono); overflow-wrap: anywhere; }
.row .size { flex: none; width: 5rem; text-align: right; color: var(--quiet); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.row .size:last-child::after { content: " tok"; }
.row .bar { flex: none; width: 6rem; height: .4rem; border-radius: .2rem; background: linear-gradient(var(--accent) 0 0) left / calc(var(--share) * 100%) 100% no-repeat var(--line); }
@media (max-width: 60rem) {
  .columns { display: block; }
  aside { position: static; max-height: none; border: 0; padding-bottom: 0; }
  #index { display: none; }
}
@media (max-width: 40rem) {
  header, main, aside { padding-left: 1rem; padding-right: 1rem; }
  .key { grid-template-columns: auto 1fr auto; width: 100%; margin: 0; }
  .presets { margin: 0; }
  thead { position: absolute; left: -100rem; }
  tr { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; color: var(--quiet); }
  td:first-child { color: var(--ink); font-weight: 600; }
  td:last-child { flex-basis: 100%; color: var(--ink); }
  td:empty, .row .bar { display: none; }
  .row .size { width: auto; }
  #tree { padding: .25rem .5rem; max-height: none; }
  #tree ul ul { margin-left: .25rem; padding-left: .4rem; }
}
@media (pointer: coarse) { .row { min-height: 2.4rem; } #index li a { padding: .5rem 0; } }
`;
