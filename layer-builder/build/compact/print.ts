/** Pure: the text of files that hold CommonJS modules. */
import { importElsewhere, importName } from './imports.ts';

export interface PrintedModule {
  readonly id: number;
  readonly code: string;
  /** Whether it runs when the entries are loaded. */
  readonly isEarly: boolean;
  /** What it requires: the id of a module, or the path of a file that stays one. */
  readonly needs: ReadonlyMap<string, number | string>;
}

/** Where a module's code begins in its file: all is one line, but for line feeds in template texts. */
export interface Placement {
  readonly id: number;
  readonly line: number;
  readonly column: number;
}

export interface Printed {
  readonly code: string;
  readonly placements: readonly Placement[];
}

/**
 * What `require` and a module's first use do, as Node does them: each module runs once, a circular require sees what
 * is there so far, and one that throws runs again the next time. `places` tells which file brings an absent module.
 *
 * Node's own modules are asked for by `getBuiltinModule`: with resolution hooks in place, as the handler has them,
 * `require` takes ten times as long (10 µs against 1, warm), and packages ask hundreds of times. Two are another case:
 * - `worker_threads`: the handler's hook has to see it, to make threads find the same packages (handler/hooks.ts).
 * - `http2`: the HTTP handler below every AWS client asks for it, and for its constants, at its top, and uses both in its
 *   HTTP/2 half alone. It takes 13.6 ms of processor, a tenth of the start of two such clients, so it is loaded with
 *   its first use.
 */
const runtime =
  `const has=Object.hasOwn,builtin=process.getBuiltinModule,known={},done={},places={};let http2,bring=require;
function add(native,modules){for(const id in modules)known[id]=[native,...modules[id]]}
function load(id){
if(has(done,id))return done[id].exports;
if(!has(known,id))bring(places[id]);
const[native,run,needs={}]=known[id];
const require=name=>{const found=has(needs,name)?needs[name]:name;return typeof found==="number"?load(found):own(found)??native(found)};
for(const key of["main","extensions","cache"])require[key]=native[key];
require.resolve=name=>native.resolve(has(needs,name)?needs[name]:name);
const module=done[id]={exports:{},require};
try{run.call(module.exports,module.exports,require,module)}catch(error){delete done[id];throw error}
return module.exports}
function own(name){
if(/^(node:)?http2$/.test(name))return http2??=later(()=>builtin("http2"),later(()=>builtin("http2").constants));
return/worker_threads$/.test(name)?undefined:builtin(name)}
function later(real,constants){
const traps={};
for(const trap of Object.getOwnPropertyNames(Reflect))traps[trap]=(_,...rest)=>Reflect[trap](real(),...rest);
traps.get=(_,key)=>constants&&key==="constants"?constants:real()[key];
traps.getOwnPropertyDescriptor=(_,key)=>{
const found=Reflect.getOwnPropertyDescriptor(real(),key);
return found&&{...found,configurable:true}};
return new Proxy({},traps)}
`.replaceAll('\n', '');

/** The script beside the shared file; ASCII is read as Latin-1, which needs no decoding. */
export interface StartScript {
  readonly path: string;
  readonly isAscii: boolean;
}

/**
 * Loads what every start runs as a script, with V8's cache of it beside it. Node's own compile cache of a module is made
 * when the module is compiled, before it runs, so functions that are called later are not in it: some hundred of those
 * that two AWS clients and Koa call while they load. A script's is made when all has run (warm.mjs). And a large text
 * stays outside of V8's heap this way, which grows the less. V8 refuses a cache of another version or other flags; then
 * all is compiled.
 */
const scriptRuntime = ({ path, isAscii }: StartScript) =>
  `bring=path=>{
if(path!==${JSON.stringify(path)})return require(path);
const{readFileSync}=builtin("fs"),vm=builtin("vm"),filename=__dirname+path.slice(1);let cachedData;
try{cachedData=readFileSync(filename+".cache")}catch{}
const importModuleDynamically=vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
new vm.Script(readFileSync(filename,"${isAscii ? 'latin1' : 'utf8'}"),{filename,cachedData,importModuleDynamically}).runInThisContext()(add,require,(name,options)=>import(name,options))};
`.replaceAll('\n', '');

/** The file that several share. `apart` tells of each file beside it which modules it brings, `script` which is no module. */
export function printShared(
  modules: readonly PrintedModule[],
  apart: ReadonlyMap<string, readonly number[]>,
  script: StartScript | undefined,
): Printed {
  const places = [...apart]
    .filter(([, ids]) => ids.length > 0)
    .map(([path, ids]) => `for(const id of[${ids}])places[id]=${JSON.stringify(path)};`)
    .join('');
  const head = `${runtime}${places}${script === undefined ? '' : scriptRuntime(script)}add(require,`;
  return print(head, modules, ');exports.add=add;exports.load=load;');
}

/** The script that adds what every start runs to the shared file: an expression. */
export function printStart(modules: readonly PrintedModule[]): Printed {
  const own = modules.map(module => ({ ...module, code: importElsewhere(module.code) }));
  return print(`(function(add,require,${importName}){add(require,`, own, ')})');
}

/** A file that adds modules to the shared one. */
export function printGroup(modules: readonly PrintedModule[], shared: string): Printed {
  return print(`require(${JSON.stringify(shared)}).add(require,`, modules, ');');
}

/** A file that answers for one module; without `shared` it stands alone. */
export function printEntry(
  modules: readonly PrintedModule[],
  id: number,
  shared: string | undefined,
): Printed {
  if (shared === undefined) return print(`${runtime}add(require,`, modules, `);module.exports=load(${id});`);
  // Not `module.exports=require(…)`: Node would take the names of the shared file for those of this one.
  const head = `const shared=require(${JSON.stringify(shared)});`;
  const tail = `module.exports=shared.load(${id});`;
  return modules.length === 0
    ? { code: `${head}${tail}`, placements: [] }
    : print(`${head}shared.add(require,`, modules, `);${tail}`);
}

function print(head: string, modules: readonly PrintedModule[], tail: string): Printed {
  const parts: string[] = [];
  const placements: Placement[] = [];
  let [line, column] = [0, 0];
  const put = (text: string) => {
    parts.push(text);
    const last = text.lastIndexOf('\n');
    line += last < 0 ? 0 : text.split('\n').length - 1;
    column = last < 0 ? column + text.length : text.length - last - 1;
  };
  put(`${head}{`);
  for (const [index, { id, code, isEarly, needs }] of modules.entries()) {
    // In parentheses V8 compiles it at once, and only that comes into the compile cache.
    put(`${index === 0 ? '' : ','}${id}:[${isEarly ? '(' : ''}`);
    placements.push({ id, line, column });
    put(isEarly ? `${code})` : code);
    const pairs = [...needs].map(([source, target]) => `${JSON.stringify(source)}:${JSON.stringify(target)}`);
    put(pairs.length === 0 ? ']' : `,{${pairs.join(',')}}]`);
  }
  return { code: `${parts.join('')}}${tail}\n`, placements };
}
