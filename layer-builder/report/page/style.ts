/** The style of the size report: light and dark, for screens and for paper. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #16202a; --soft: #5b6875; --line: #dde3e8; --back: #fff; --card: #f5f7f9; --compacted: #cfe3f5; --traced: #d5ecd4; --whole: #f6dfb8; --more: #e6e9ec; --near: #8a5a00; --nearback: #ffefc9; --over: #a3161d; --overback: #ffdcdc; --bar: #3b7db8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --soft: #9aa8b5; --line: #2d3741; --back: #12181e; --card: #1a222a; --compacted: #1e4464; --traced: #23502a; --whole: #664a17; --more: #2b343d; --near: #ffd585; --nearback: #4d3a10; --over: #ffb3b3; --overback: #5c1a1d; --bar: #5b9bd3 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 4rem; color: var(--ink); background: var(--back) }
h1 { font-size: 1.6rem; margin: 0; line-height: 1.25 } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem } h3 { font-size: 1rem; margin: 1.75rem 0 .5rem }
p { margin: .4rem 0 } .kind, small, .none { color: var(--soft) } .kind { margin: 0; font-size: .85rem }
code { font: .85em/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere } pre { background: var(--card); padding: .75rem 1rem; overflow: auto; border-radius: 6px }
.digest { color: var(--soft) }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0 }
.figures div { background: var(--card); border-radius: 6px; padding: .6rem .9rem } dt { color: var(--soft); font-size: .85rem } dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums } dd small { display: block; font-size: .8rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 } .scroll { overflow-x: auto }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top } th { font-weight: 600; font-size: .85rem; color: var(--soft) }
td small { white-space: nowrap } .limits td small { display: block; white-space: normal }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
th button { all: unset; cursor: pointer } th button:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px } th[aria-sort=descending] button::after { content: " ↓" } th[aria-sort=ascending] button::after { content: " ↑" }
.packages thead th { position: sticky; top: 0; background: var(--back) } .packages td:first-child { min-width: 14rem; overflow-wrap: anywhere }
.pill { display: inline-block; border-radius: 99px; padding: 0 .55rem; font-size: .8rem; font-weight: 400; background: var(--more) } .pill.compacted { background: var(--compacted) } .pill.traced { background: var(--traced) } .pill.whole { background: var(--whole) } .pill.near { background: var(--nearback); color: var(--near) } .pill.over { background: var(--overback); color: var(--over) }
.bar { width: 30% } .bar span { display: block; position: relative; background: var(--card); border-radius: 3px; height: .8rem; margin-top: .35rem; overflow: hidden } .bar span::after { content: ""; position: absolute; left: 80%; top: 0; bottom: 0; border-left: 1px dashed var(--soft) } .bar i { display: block; height: 100%; background: var(--bar); min-width: 1px } .near .bar i { background: var(--near) } .over .bar i { background: var(--over) }
.map { width: 100%; height: auto; display: block } .map text { font-size: 13px; fill: var(--ink) } .map .note { fill: var(--ink); opacity: .7; font-size: 12px } .map rect { stroke: none } .map g:hover rect { stroke: var(--ink); stroke-width: 1.5 }
.map .compacted rect { fill: var(--compacted) } .map .traced rect { fill: var(--traced) } .map .whole rect { fill: var(--whole) } .map .own rect { fill: var(--more) }
.legend { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; font-size: .85rem; color: var(--soft) } .legend span::before { content: ""; display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem; vertical-align: -1px } .legend .compacted::before { background: var(--compacted) } .legend .traced::before { background: var(--traced) } .legend .whole::before { background: var(--whole) } .legend .own::before { background: var(--more) }
.warnings { background: var(--nearback); border-radius: 6px; padding: .25rem 1rem .5rem; margin-top: 1rem } .warnings h2 { margin: .5rem 0 0; font-size: 1rem } .warnings ul { margin: .25rem 0 }
summary { cursor: pointer; color: var(--soft); font-size: .9rem } details { font-size: .9rem; color: var(--soft) }
input[type=search] { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .35rem .7rem; width: min(24rem, 70%) } output { color: var(--soft); font-size: .9rem }
@media print { .filter { display: none } body { max-width: none } .packages thead th { position: static } }
`;
