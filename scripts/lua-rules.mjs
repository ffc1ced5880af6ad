import luaparse from 'luaparse';

/**
 * The shape of Redis scripts, so that each file can be read alone.
 *
 * @typedef {import('./lua-source.mjs').Line} Line
 * @typedef {{ at: string, message: string, unused?: boolean }} Finding
 */

const MAX_LINES = 80;
const INCLUDE = /^-- @(include|when-needed) /;
const HEADER = {
  purpose: /^-- \S.*\.$/m,
  KEYS: /^-- KEYS\b/m,
  ARGV: /^-- (KEYS.* )?ARGV\b/m,
  Returns: /^-- Returns\b/m,
  'a sample call': /^--\[\[ Sample$[^]*^redis-cli --eval /m,
  'a sample reply': /^--\[\[ Sample$[^]*^#> /m,
  'a sentence about the sample': /^--\[\[ Sample$[^]*^# .*\.$/m,
};
const ARGUMENTS = new Set(['KEYS', 'ARGV']);
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;

/** @param {Line | undefined} line */
export const placeOf = (line) => `${line?.file}:${line?.line}`;
/** @param {Line[]} lines */
export const textOf = (lines) => lines.map(({ text }) => text).join('\n');

/**
 * The findings in one script, or in one included file.
 * @param {Line[]} lines
 * @param {{ included: boolean }} file
 * @returns {Finding[]}
 */
export function shapeFindings(lines, { included }) {
  const body = statementsOf(lines);
  return [
    ...sizeFindings(lines),
    ...(included ? purposeFindings(lines) : headerFindings(lines)),
    ...argumentFindings(lines, body, included ? undefined : argumentBlockOf(lines)),
    ...(included ? includeFindings(lines, body) : []),
    ...constantFindings(lines, body),
  ];
}

/**
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function sizeFindings(lines) {
  const message = `${lines.length} lines are more than ${MAX_LINES}`;
  return lines.length > MAX_LINES ? [{ at: placeOf(lines[0]), message }] : [];
}

/**
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function purposeFindings(lines) {
  const begins = /^-- \S/.test(lines[0]?.text ?? '') && !INCLUDE.test(lines[0]?.text ?? '');
  return begins
    ? []
    : [{ at: placeOf(lines[0]), message: 'an include begins with what it is, in a comment' }];
}

/**
 * @param {Line[]} lines
 * @returns {Finding[]}
 */
function headerFindings(lines) {
  const header = textOf(lines.slice(0, headerLengthOf(lines)));
  const missing = Object.entries(HEADER).filter(([, part]) => !part.test(header));
  return missing.map(([name]) => ({ at: placeOf(lines[0]), message: `the header lacks ${name}` }));
}

/** @param {Line[]} lines */
function headerLengthOf(lines) {
  let inBlock = false;
  const end = lines.findIndex(({ text }) => {
    if (inBlock) inBlock = !text.startsWith(']]');
    else if (text.startsWith('--[[')) inBlock = true;
    else return INCLUDE.test(text) || !text.startsWith('--');
    return false;
  });
  return end === -1 ? lines.length : end;
}

/**
 * The one block of a script that reads KEYS and ARGV: from its includes to the next empty line.
 * @param {Line[]} lines
 */
function argumentBlockOf(lines) {
  let from = headerLengthOf(lines);
  while (INCLUDE.test(lines[from]?.text ?? '')) from += 1;
  const length = lines.slice(from).findIndex(({ text }) => text === '');
  return { from: from + 1, to: length === -1 ? lines.length : from + length };
}

/**
 * @param {Line[]} lines
 * @param {luaparse.Node[]} body
 * @param {{ from: number, to: number } | undefined} block
 * @returns {Finding[]}
 */
function argumentFindings(lines, body, block) {
  const uses = nodesIn(body).filter((node) => node.type === 'Identifier' && ARGUMENTS.has(node.name));
  const outside = uses.filter((node) => !block || lineOf(node) < block.from || lineOf(node) > block.to);
  const message = block
    ? 'KEYS and ARGV are read in the block that follows the includes, and nowhere else'
    : 'an include takes parameters and reads neither KEYS nor ARGV';
  return outside.map((node) => ({ at: placeOf(lines[lineOf(node) - 1]), message }));
}

/**
 * Of functions in a table: a script has at most 200 local variables.
 * @param {luaparse.Identifier | luaparse.MemberExpression | null} identifier
 */
function isMember(identifier) {
  return identifier?.type === 'MemberExpression';
}

/**
 * @param {luaparse.LocalStatement} statement
 * @param {luaparse.Statement[]} body
 */
function isTableOfFunctions({ variables: [variable], init: [table] }, body) {
  if (table?.type !== 'TableConstructorExpression' || table.fields.length > 0) return false;
  const functions = body
    .filter((other) => other.type === 'FunctionDeclaration')
    .map((other) => other.identifier);
  return functions.some(
    (name) =>
      name?.type === 'MemberExpression' &&
      name.base.type === 'Identifier' &&
      name.base.name === variable?.name,
  );
}

/**
 * @param {Line[]} lines
 * @param {luaparse.Statement[]} body
 * @returns {Finding[]}
 */
function includeFindings(lines, body) {
  const last = body.at(-1);
  const others = body.filter(
    (statement) =>
      !(statement === last && isTableOfLocals(statement)) &&
      !(statement.type === 'FunctionDeclaration' && (statement.isLocal || isMember(statement.identifier))) &&
      !(statement.type === 'LocalStatement' && isTableOfFunctions(statement, body)) &&
      !(
        statement.type === 'LocalStatement' &&
        statement.variables.every(({ name }) => CONSTANT.test(name)) &&
        nodesIn(statement.init).every(isConstant)
      ),
  );
  const message =
    'an include only defines functions, local or in a local table, and constants in capitals that call nothing, and may return a table of them';
  return others.map((statement) => ({ at: placeOf(lines[lineOf(statement) - 1]), message }));
}

/**
 * What a file returns that is included when it is needed.
 * @param {luaparse.Statement} statement
 */
function isTableOfLocals(statement) {
  if (statement.type !== 'ReturnStatement') return false;
  const [table, ...more] = statement.arguments;
  return more.length === 0 && table?.type === 'TableConstructorExpression';
}

/** @param {luaparse.Node} node */
function isConstant(node) {
  if (node.type === 'Identifier') return true;
  return /Literal$|^Table|^Unary|^Binary/.test(node.type) && node.type !== 'VarargLiteral';
}

/**
 * A constant keeps its value, and only the file that defines a table of that kind may fill it (a cache).
 * @param {Line[]} lines
 * @param {luaparse.Statement[]} body
 * @returns {Finding[]}
 */
function constantFindings(lines, body) {
  const own = new Set(
    body.flatMap((statement) =>
      statement.type === 'LocalStatement' ? statement.variables.map(({ name }) => name) : [],
    ),
  );
  const targets = nodesIn(body).flatMap((node) =>
    node.type === 'AssignmentStatement'
      ? node.variables.filter((target) => changesConstant(target, own))
      : [],
  );
  const message = 'a constant is changed: pass what changes as a parameter';
  return targets.map((target) => ({ at: placeOf(lines[lineOf(target) - 1]), message }));
}

/**
 * @param {luaparse.Node} target
 * @param {Set<string>} own
 */
function changesConstant(target, own) {
  if (target.type === 'Identifier') return CONSTANT.test(target.name);
  if (target.type !== 'IndexExpression' && target.type !== 'MemberExpression') return false;
  const { base } = target;
  return base.type === 'Identifier' && CONSTANT.test(base.name) && !own.has(base.name);
}

/**
 * @param {Line[]} lines
 * @returns {luaparse.Statement[]} none where the syntax is wrong, which is a finding of its own
 */
function statementsOf(lines) {
  try {
    return luaparse.parse(textOf(lines), { luaVersion: '5.1', locations: true }).body;
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** @param {luaparse.Node} node */
function lineOf(node) {
  return node.loc?.start.line ?? 1;
}

/**
 * All nodes of a syntax tree, the outer ones first.
 * @param {unknown} tree
 * @returns {luaparse.Node[]}
 */
function nodesIn(tree) {
  if (typeof tree !== 'object' || tree === null) return [];
  const inner = Object.entries(tree).flatMap(([key, value]) => (key === 'loc' ? [] : nodesIn(value)));
  return isNode(tree) ? [tree, ...inner] : inner;
}

/**
 * @param {object} tree
 * @returns {tree is luaparse.Node}
 */
function isNode(tree) {
  return 'type' in tree;
}
