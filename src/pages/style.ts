/** The style of all pages: system fonts, light and dark, one column on a phone. */

export const style = `:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2127, #e6e9ed);
  --quiet: light-dark(#5a6573, #9aa6b5);
  --page: light-dark(#ffffff, #14181d);
  --card: light-dark(#f5f7f9, #1c2229);
  --line: light-dark(#d5dbe2, #333d49);
  --accent: light-dark(#0b57b0, #7cb4ff);
  --on-accent: light-dark(#ffffff, #0b1420);
  --bad: light-dark(#b3261e, #ff9a92);
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
header { display: grid; gap: .5rem; border-bottom: 1px solid var(--line); }
main.narrow { max-width: 32rem; }
h1 { margin: 0; font-size: 1.5rem; }
h1 small { font-size: 1rem; font-weight: normal; color: var(--quiet); }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
h3 { margin: 1rem 0 .25rem; font-size: 1rem; }
small, .quiet { color: var(--quiet); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
label { display: block; font-size: .875rem; font-weight: 600; }
input, select, textarea, button, .button { font: inherit; color: inherit; }
input, select, textarea {
  width: 100%; min-height: 2.5rem; padding: .4rem .6rem;
  border: 1px solid var(--line); border-radius: 6px; background: var(--page);
}
input[type=checkbox] { width: 1.15rem; min-height: 1.15rem; height: 1.15rem; margin: 0 .4rem 0 0; vertical-align: -.2rem; }
textarea { font: .875rem/1.5 var(--mono); resize: vertical; white-space: pre; overflow: auto; }
button, .button {
  display: inline-flex; align-items: center; min-height: 2.5rem; padding: .4rem 1.1rem; border: 0; border-radius: 6px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; cursor: pointer;
}
button:disabled { opacity: .5; cursor: default; }
.key { max-width: 26rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: .75rem 1rem; margin: .75rem 0; }
.fields .wide { grid-column: 1 / -1; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
details.operation { margin: .5rem 0; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
details.operation > summary { padding: .6rem .8rem; cursor: pointer; overflow-wrap: anywhere; }
details.operation > div { padding: 0 .8rem .8rem; border-top: 1px solid var(--line); }
article { margin: 1.5rem 0; padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
.method { display: inline-block; min-width: 3.2rem; font: 700 .8rem/1.5 var(--mono); color: var(--accent); }
.path { font: 600 .95rem/1.5 var(--mono); overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
@media (max-width: 40rem) {
  thead { position: absolute; left: -100rem; }
  tr { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; color: var(--quiet); }
  td:first-child { color: var(--ink); font-weight: 600; }
  td:last-child { flex-basis: 100%; color: var(--ink); }
  td:empty { display: none; }
}
td:first-child, code { font-family: var(--mono); font-size: .875rem; }
pre {
  margin: .5rem 0; padding: .75rem; max-height: 32rem; overflow: auto; border: 1px solid var(--line); border-radius: 6px;
  background: var(--page); font: .8125rem/1.5 var(--mono);
}
.bad { color: var(--bad); font-weight: 600; }
#tree ul { margin: 0; padding-left: 1.4rem; list-style: none; }
#tree > ul { padding-left: 0; }
#tree li { padding: .1rem 0; }
#tree label { display: inline; font: .875rem/1.8 var(--mono); font-weight: normal; overflow-wrap: anywhere; }
#tree summary { cursor: pointer; }
#tree .size { color: var(--quiet); font-size: .8125rem; white-space: nowrap; }
`;
