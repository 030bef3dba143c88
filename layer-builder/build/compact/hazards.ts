/** Pure: finds what a module does that would not survive being moved into another file. */
import { parseAst } from 'rolldown/parseAst';
import type { SyntaxNode } from './scope.ts';
import { declaredNames, isSyntaxNode } from './scope.ts';

/** How Node would load a file. */
export type ModuleFormat = 'esm' | 'commonjs' | 'json' | 'native' | 'other';

/** Cheap first look: most modules have none of these words and are never parsed. */
const suspicious =
  /__dirname|__filename|createRequire|import\.meta|import\s*\(|\brequire\b(?!\s*\(\s*['"`][^'"`]+['"`]\s*\))|\bmodule\b\s*(?!\.exports)[.[]|\bWorker\b|\beval\s*\(|process\.(dlopen|mainModule)|process\[/;

/**
 * `place`: it asks where it lies, so it must stay in its own file. `unknown`: nobody can tell either what it loads.
 */
export interface Hazard {
  readonly kind: 'place' | 'unknown';
  readonly reason: string;
}

/** Why this module must stay in its own file: every reason, in the order of the text. */
export function findHazards(code: string, format: ModuleFormat): readonly Hazard[] {
  if (format !== 'esm' && format !== 'commonjs') return [];
  if (!suspicious.test(code)) return [];
  try {
    const program: unknown = parseAst(code, {
      lang: 'js',
      sourceType: format === 'esm' ? 'module' : 'commonjs',
    });
    return [...visit(program, { format, parent: undefined, field: '', shadowed: new Set() })];
  } catch {
    return [unknown('it does not parse as the kind of module that Node takes it for')];
  }
}

/** Where a node stands: below which parent, in which of its fields, in which kind of module. */
interface Place {
  readonly parent: SyntaxNode | undefined;
  readonly field: string;
  readonly format: ModuleFormat;
  /** Names that mean something else here than Node's own. */
  readonly shadowed: ReadonlySet<string>;
}

function* visit(value: unknown, place: Place): Generator<Hazard> {
  if (Array.isArray(value)) {
    for (const item of value) yield* visit(item, place);
    return;
  }
  if (!isSyntaxNode(value)) return;
  const own = hazardOf(value, place);
  if (own !== undefined) yield own;
  const declared = declaredNames(value);
  const shadowed = declared.size === 0 ? place.shadowed : new Set([...place.shadowed, ...declared]);
  for (const [field, child] of Object.entries(value)) {
    if (typeof child !== 'object' || child === null) continue;
    yield* visit(child, { ...place, parent: value, field, shadowed });
  }
}

function hazardOf(node: SyntaxNode, place: Place): Hazard | undefined {
  switch (node.type) {
    case 'Identifier':
      return isReference(place.parent, place.field) && !isShadowed(String(node['name']), place)
        ? identifierHazard(String(node['name']), place)
        : undefined;
    case 'ImportExpression':
      return isText(node['source']) ? undefined : unknown('it imports a module whose name is computed');
    case 'MetaProperty':
      return (node['meta'] as SyntaxNode)['name'] === 'import'
        ? placed('it asks where it lies (import.meta)')
        : undefined;
    case 'MemberExpression':
      return memberHazard(node);
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

/** `createRequire` is imported by its name, and is Node's all the same. */
function isShadowed(name: string, { shadowed }: Place): boolean {
  return name !== 'createRequire' && name !== 'Worker' && shadowed.has(name);
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
