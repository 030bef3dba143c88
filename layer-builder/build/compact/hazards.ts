/** Pure: finds what a module does that would not survive being moved into another file. */
import { parseAst } from 'rolldown/parseAst';
import type { SyntaxNode } from './scope.ts';
import { declaredNames, isSyntaxNode } from './scope.ts';

/** How Node would load a file. */
export type ModuleFormat = 'esm' | 'commonjs' | 'json' | 'native' | 'other';

/** Cheap first look: most modules have none of these words and are never parsed. */
const suspicious =
  /__dirname|__filename|createRequire|import\.meta|import\s*\(|\brequire\b(?!\s*\(\s*['"`][^'"`]+['"`]\s*\))|\bmodule\b\s*(?!\.exports)[.[]|\bWorker\b|\b(eval|with)\s*\(|process\.(dlopen|mainModule)|process\[/;

/**
 * `place`: it asks where it lies, so it must stay in its own file. `unknown`: nobody can tell either what it loads.
 */
export interface Hazard {
  readonly kind: 'place' | 'unknown';
  readonly reason: string;
}

/** By file: rounds of one build look at the same ones again. */
export type HazardMemory = Map<string, readonly Hazard[]>;

/** `findHazards` of a file that may have been looked at before. */
export function hazardsOf(
  file: string,
  code: string,
  format: ModuleFormat,
  memory: HazardMemory,
  withoutComments?: string,
): readonly Hazard[] {
  const found = memory.get(file) ?? findHazards(code, format, withoutComments);
  memory.set(file, found);
  return found;
}

/**
 * Why this module must stay in its own file: every reason, in the order of the text. Who has the code without comments
 * gives it too: most words that would make it worth a look stand in those.
 */
export function findHazards(
  code: string,
  format: ModuleFormat,
  withoutComments: string = code,
): readonly Hazard[] {
  if (format !== 'esm' && format !== 'commonjs') return [];
  if (!suspicious.test(withoutComments)) return [];
  try {
    const program: unknown = parseAst(code, {
      lang: 'js',
      sourceType: format === 'esm' ? 'module' : 'commonjs',
    });
    const found: Hazard[] = [];
    visit(program, { format, parent: undefined, field: '', above: [], declared: new Map(), found });
    return found;
  } catch {
    return [unknown('it does not parse as the kind of module that Node takes it for')];
  }
}

/** Where a node stands: below which nodes, the last of them its parent, in which of its fields, in which kind of module. */
interface Place {
  readonly format: ModuleFormat;
  readonly above: SyntaxNode[];
  /** Looked at for the few names that matter, and then kept: it takes a walk of its own. */
  readonly declared: Map<SyntaxNode, ReadonlySet<string>>;
  readonly found: Hazard[];
  parent: SyntaxNode | undefined;
  field: string;
}

/** The place is one object for the whole walk: a compiler has millions of nodes. */
function visit(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) visit(item, place);
    return;
  }
  if (!isSyntaxNode(value)) return;
  const hazard = hazardOf(value, place);
  if (hazard !== undefined) place.found.push(hazard);
  const { parent, field } = place;
  place.above.push(value);
  for (const key in value) {
    const child = value[key];
    if (typeof child !== 'object' || child === null) continue;
    place.parent = value;
    place.field = key;
    visit(child, place);
  }
  place.above.pop();
  place.parent = parent;
  place.field = field;
}

function hazardOf(node: SyntaxNode, place: Place): Hazard | undefined {
  switch (node.type) {
    case 'Identifier':
      return referenceHazard(String(node['name']), place);
    case 'ImportExpression':
      return isText(node['source']) ? undefined : unknown('it imports a module whose name is computed');
    case 'MetaProperty':
      return (node['meta'] as SyntaxNode)['name'] === 'import'
        ? placed('it asks where it lies (import.meta)')
        : undefined;
    case 'MemberExpression':
      return memberHazard(node);
    case 'WithStatement':
      // A shorter name of a variable outside would no longer mean the field.
      return placed('it looks names up in an object (with)');
    default:
      return undefined;
  }
}

function identifierHazard(name: string, { parent, field, format }: Place): Hazard | undefined {
  switch (name) {
    case '__dirname':
    case '__filename':
      return placed(`it asks where it lies (${name})`);
    case 'createRequire':
      return unknown('it makes a require of its own (createRequire)');
    case 'Worker':
      return parent?.type === 'NewExpression' && field === 'callee'
        ? placed('it starts a worker from a file')
        : undefined;
    case 'eval':
      // A CommonJS module keeps its scope and names in a bundle, so the text sees what it saw before.
      return format === 'esm' && parent?.type === 'CallExpression' && field === 'callee'
        ? placed('it evaluates text in its own scope')
        : undefined;
    case 'require':
      return requireHazard(parent, field);
    case 'module':
      return moduleHazard(parent, field);
    default:
      return undefined;
  }
}

function referenceHazard(name: string, place: Place): Hazard | undefined {
  const hazard = isReference(place.parent, place.field) ? identifierHazard(name, place) : undefined;
  return hazard === undefined || isShadowed(name, place) ? undefined : hazard;
}

/** Whether it means something else here than Node's own. `createRequire` is imported by its name, and is Node's all the same. */
function isShadowed(name: string, { above, declared }: Place): boolean {
  if (name === 'createRequire' || name === 'Worker') return false;
  const byNode = above.findLast(node => {
    const names = declared.get(node) ?? declaredNames(node);
    declared.set(node, names);
    return names.has(name);
  });
  return byNode !== undefined;
}

function requireHazard(parent: SyntaxNode | undefined, field: string): Hazard | undefined {
  if (parent?.type === 'UnaryExpression' && parent['operator'] === 'typeof') return undefined;
  if (parent?.type === 'CallExpression' && field === 'callee') {
    const [first] = parent['arguments'] as SyntaxNode[];
    return isText(first) ? undefined : unknown('it requires a module whose name is computed');
  }
  // Both are handed on by the `require` of a bundle.
  const property =
    parent?.type === 'MemberExpression' && field === 'object' ? propertyName(parent) : undefined;
  if (property === 'main' || property === 'extensions') return undefined;
  if (property === 'cache') return placed('it reads require.cache');
  return unknown('it uses require as a value');
}

function moduleHazard(parent: SyntaxNode | undefined, field: string): Hazard | undefined {
  if (parent?.type === 'UnaryExpression') return undefined;
  if (parent?.type === 'MemberExpression' && field === 'object') {
    const name = propertyName(parent);
    // `module.nodeType` asks whether `module` is an element of a page that happens to have that id.
    if (name === 'exports' || name === 'nodeType') return undefined;
    const reason = `it reads module.${name ?? '[…]'}`;
    return name === undefined || loading.has(name) ? unknown(reason) : placed(reason);
  }
  // `module && module.exports`, `require.main === module`: only its being there matters.
  if (parent?.type === 'LogicalExpression' || parent?.type === 'BinaryExpression') return undefined;
  if (parent?.type === 'IfStatement' || parent?.type === 'ConditionalExpression') return undefined;
  return unknown('it uses module as a value');
}

function memberHazard(node: SyntaxNode): Hazard | undefined {
  const object = node['object'] as SyntaxNode;
  if (object.type !== 'Identifier' || object['name'] !== 'process') return undefined;
  const name = propertyName(node);
  return name === 'dlopen' || name === 'mainModule' ? unknown(`it uses process.${name}`) : undefined;
}

/** Fields of `module` with which more can be loaded; the others only tell about it. */
const loading = new Set(['require', 'constructor', 'children', 'parent']);

function unknown(reason: string): Hazard {
  return { kind: 'unknown', reason };
}

function placed(reason: string): Hazard {
  return { kind: 'place', reason };
}

/** A name used as a value: not a property after a dot, not a key, not a parameter or a declaration. */
function isReference(parent: SyntaxNode | undefined, field: string): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return field === 'object' || parent['computed'] === true;
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition':
      return field === 'value' || parent['computed'] === true;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'FormalParameters':
      return field === 'body';
    case 'VariableDeclarator':
      return field === 'init';
    case 'ImportSpecifier':
      return field === 'imported';
    case 'ClassDeclaration':
    case 'ClassExpression':
      return field === 'superClass';
    case 'ExportSpecifier':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'CatchClause':
      return false;
    default:
      return true;
  }
}

function propertyName(member: SyntaxNode): string | undefined {
  const property = member['property'] as SyntaxNode;
  if (member['computed'] !== true) return String(property['name']);
  return isText(property) ? String(property['value']) : undefined;
}

function isText(node: unknown): boolean {
  if (!isSyntaxNode(node)) return false;
  if (node.type === 'TemplateLiteral') return (node['expressions'] as unknown[]).length === 0;
  return node.type === 'Literal' && typeof node['value'] === 'string';
}
