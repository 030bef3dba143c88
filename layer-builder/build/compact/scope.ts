/** Pure: which of a few names a piece of code declares for itself, so that they do not mean Node's own there. */

/** A node of the syntax tree (https://github.com/estree/estree). */
export interface SyntaxNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Names declared by this node for what is below it: parameters and `var`s of a function, the rest of a block. */
export function declaredNames(node: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      bind(node['params'], names);
      collectVars(node['body'], names);
      break;
    case 'Program':
    case 'BlockStatement':
      for (const statement of node['body'] as unknown[]) declare(statement, names);
      break;
    case 'CatchClause':
      bind(node['param'], names);
      break;
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
      declare(node['init'] ?? node['left'], names);
      break;
    default:
  }
  return names;
}

export function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

function declare(statement: unknown, names: Set<string>): void {
  if (!isSyntaxNode(statement)) return;
  if (statement.type === 'VariableDeclaration') {
    for (const item of statement['declarations'] as SyntaxNode[]) bind(item['id'], names);
  } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
    bind(statement['id'], names);
  } else if (statement.type === 'ImportDeclaration') {
    for (const item of statement['specifiers'] as SyntaxNode[]) bind(item['local'], names);
  }
}

/** `var` belongs to the whole function, however deep its block, but not to functions inside. */
function collectVars(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collectVars(item, names);
    return;
  }
  if (!isSyntaxNode(value)) return;
  if (/^(Function|Arrow|Class)/.test(value.type)) return;
  if (value.type === 'VariableDeclaration' && value['kind'] === 'var') declare(value, names);
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) collectVars(child, names);
  }
}

/** Names that a pattern binds: `a`, `{ b, c: d }`, `[e = 1, ...f]`. */
function bind(pattern: unknown, names: Set<string>): void {
  if (Array.isArray(pattern)) {
    for (const item of pattern) bind(item, names);
    return;
  }
  if (!isSyntaxNode(pattern)) return;
  switch (pattern.type) {
    case 'Identifier':
      names.add(String(pattern['name']));
      break;
    case 'ObjectPattern':
      bind(pattern['properties'], names);
      break;
    case 'Property':
      bind(pattern['value'], names);
      break;
    case 'ArrayPattern':
      bind(pattern['elements'], names);
      break;
    case 'AssignmentPattern':
      bind(pattern['left'], names);
      break;
    case 'RestElement':
      bind(pattern['argument'], names);
      break;
    case 'FormalParameters':
      bind(pattern['items'], names);
      break;
    default:
  }
}
