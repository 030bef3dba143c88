/** Pure: finds what a module does that would not survive being moved into another file. */
import { parseAst } from 'rolldown/parseAst';

/** How Node would load a file. */
export type ModuleFormat = 'esm' | 'commonjs' | 'json' | 'native' | 'other';

/** Cheap first look: most modules have none of these words and are never parsed. */
const suspicious =
  /__dirname|__filename|createRequire|import\.meta|import\s*\(|\brequire\b(?!\s*\(\s*['"`][^'"`]+['"`]\s*\))|\bmodule\b\s*(?!\.exports)[.[]|\bWorker\b|\beval\s*\(|process\.(binding|dlopen|mainModule)|process\[/;

/** Why this module must stay in its own file, or undefined. */
export function findHazard(code: string, format: ModuleFormat): string | undefined {
  if (format !== 'esm' && format !== 'commonjs') return undefined;
  if (!suspicious.test(code)) return undefined;
  try {
    const program: unknown = parseAst(code, {
      lang: 'js',
      sourceType: format === 'esm' ? 'module' : 'commonjs',
    });
    return visit(program, { format, parent: undefined, field: '' });
  } catch {
    return 'it does not parse as the kind of module that Node takes it for';
  }
}

interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Where a node stands: below which parent, in which of its fields, in which kind of module. */
interface Place {
  readonly parent: Node | undefined;
  readonly field: string;
  readonly format: ModuleFormat;
}

function visit(value: unknown, place: Place): string | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const hazard = visit(item, place);
      if (hazard !== undefined) return hazard;
    }
    return undefined;
  }
  if (!isNode(value)) return undefined;
  const own = hazardOf(value, place);
  if (own !== undefined) return own;
  for (const [field, child] of Object.entries(value)) {
    if (typeof child !== 'object' || child === null) continue;
    const hazard = visit(child, { ...place, parent: value, field });
    if (hazard !== undefined) return hazard;
  }
  return undefined;
}

function hazardOf(node: Node, place: Place): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return isReference(place.parent, place.field)
        ? identifierHazard(String(node['name']), place)
        : undefined;
    case 'ImportExpression':
      return isText(node['source']) ? undefined : 'it imports a module whose name is computed';
    case 'MetaProperty':
      return (node['meta'] as Node)['name'] === 'import' ? 'it asks where it lies (import.meta)' : undefined;
    case 'MemberExpression':
      return memberHazard(node);
    default:
      return undefined;
  }
}

function identifierHazard(name: string, { parent, field, format }: Place): string | undefined {
  switch (name) {
    case '__dirname':
    case '__filename':
      return `it asks where it lies (${name})`;
    case 'createRequire':
      return 'it makes a require of its own (createRequire)';
    case 'Worker':
      return parent?.type === 'NewExpression' && field === 'callee'
        ? 'it starts a worker from a file'
        : undefined;
    case 'eval':
      // A CommonJS module keeps its scope and names in a bundle, so the text sees what it saw before.
      return format === 'esm' && parent?.type === 'CallExpression' && field === 'callee'
        ? 'it evaluates text in its own scope'
        : undefined;
    case 'require':
      return requireHazard(parent, field);
    case 'module':
      return moduleHazard(parent, field);
    default:
      return undefined;
  }
}

function requireHazard(parent: Node | undefined, field: string): string | undefined {
  if (parent?.type === 'UnaryExpression' && parent['operator'] === 'typeof') return undefined;
  if (parent?.type === 'CallExpression' && field === 'callee') {
    const [first] = parent['arguments'] as Node[];
    return isText(first) ? undefined : 'it requires a module whose name is computed';
  }
  if (parent?.type === 'MemberExpression' && field === 'object' && propertyName(parent) === 'main')
    return undefined;
  return 'it uses require as a value';
}

function moduleHazard(parent: Node | undefined, field: string): string | undefined {
  if (parent?.type === 'UnaryExpression') return undefined;
  if (parent?.type === 'MemberExpression' && field === 'object') {
    const name = propertyName(parent);
    // `module.nodeType` asks whether `module` is an element of a page that happens to have that id.
    return name === 'exports' || name === 'nodeType' ? undefined : `it reads module.${name ?? '[…]'}`;
  }
  // `module && module.exports`, `require.main === module`: only its being there matters.
  if (parent?.type === 'LogicalExpression' || parent?.type === 'BinaryExpression') return undefined;
  if (parent?.type === 'IfStatement' || parent?.type === 'ConditionalExpression') return undefined;
  return 'it uses module as a value';
}

function memberHazard(node: Node): string | undefined {
  const object = node['object'] as Node;
  if (object.type !== 'Identifier' || object['name'] !== 'process') return undefined;
  const name = propertyName(node);
  return name === 'binding' || name === 'dlopen' || name === 'mainModule'
    ? `it uses process.${name}`
    : undefined;
}

/** A name used as a value: not a property after a dot, not a key, not a parameter or a declaration. */
function isReference(parent: Node | undefined, field: string): boolean {
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

function propertyName(member: Node): string | undefined {
  const property = member['property'] as Node;
  if (member['computed'] !== true) return String(property['name']);
  return isText(property) ? String(property['value']) : undefined;
}

function isText(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.type === 'TemplateLiteral') return (node['expressions'] as unknown[]).length === 0;
  return node.type === 'Literal' && typeof node['value'] === 'string';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}
