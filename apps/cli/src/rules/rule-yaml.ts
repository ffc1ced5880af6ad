import type { Rule } from '@sundial/contract';
import { Document, isMap, isSeq, type Node, visit } from 'yaml';

/** The order in which people read a rule; names that are not here come after these, as they are. */
const ORDER = [
  ...[
    'id',
    'resource',
    'per',
    'timeZone',
    'strictZone',
    'limits',
    'tiers',
    'mode',
    'degrade',
    'description',
    'onDeny',
  ],
];
const ORDER_IN_LIMIT = ['window', 'meter', 'max', 'soft', 'thresholds', 'when', 'onWarn'];
const ORDER_IN_WINDOW = ['unit', 'every', 'startsAt', 'startsOn'];
/** What a field that a file leaves out stands for. */
const DEFAULTS = { timeZone: 'UTC', mode: 'enforce', degrade: 'local' };
/** A limit that fits in here is written in one line. */
const MAX_FLOW_LENGTH = 90;

/** A rule is the same text for all its writers, so that texts can be compared line by line. */
export function ruleYaml(rule: object): string {
  return yamlOf(ordered({ ...DEFAULTS, ...rule }, ORDER));
}

/** A rules file. */
export function rulesYaml(rules: readonly Rule[]): string {
  return yamlOf({ rules: rules.map((rule) => ordered(rule, ORDER)) });
}

function yamlOf(value: object): string {
  const document = new Document(value, { version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Pair: (_, { key, value: node }) => {
      const name = String(key);
      if (name === 'per' && isSeq(node)) node.flow = true;
      if (!isSeq(node) && !isMap(node)) return;
      if (name === 'limits' || name === 'when')
        for (const item of (node as { items: Node[] }).items) flow(item);
    },
  });
  return document.toString({ lineWidth: 0 });
}

function flow(node: Node): void {
  if (isMap(node) && JSON.stringify(node).length <= MAX_FLOW_LENGTH) node.flow = true;
}

function ordered(value: object, order: readonly string[]): object {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const entries = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b));
  return Object.fromEntries(entries.map(([name, inner]) => [name, orderedField(name, inner)]));
}

function orderedField(name: string, value: unknown): unknown {
  if (name === 'limits' && Array.isArray(value))
    return value.map((limit) => orderedMap(limit, ORDER_IN_LIMIT));
  if (name === 'window') return orderedMap(value, ORDER_IN_WINDOW);
  return value;
}

function orderedMap(value: unknown, order: readonly string[]): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? ordered(value, order) : value;
}
