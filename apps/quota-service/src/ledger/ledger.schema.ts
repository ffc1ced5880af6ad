import { LEDGER_EVENT_KINDS } from '@sundial/ledger';
import { subjectSchema } from '@sundial/contract';

const instant = { type: 'string', format: 'date-time' } as const;
const orNull = (schema: { readonly type: string }) => ({ ...schema, type: [schema.type, 'null'] });
const count = { type: 'integer', minimum: 0 } as const;
const next = {
  type: 'string',
  description: 'The `cursor` of the next page; absent on the last one.',
} as const;
const nodes = {
  type: 'array',
  items: { type: 'string' },
  description: 'Whose events the answer covers: without SUNDIAL_LEDGER_URL this node alone.',
} as const;

const eventSchema = {
  title: 'LedgerEvent',
  type: 'object',
  description:
    'What happened, as the node that saw it says it. What is known beside these fields depends on the kind.',
  properties: {
    id: { type: 'string', description: 'In the order of writing.' },
    at: { ...instant, description: "By the store's clock." },
    node: { type: 'string' },
    kind: { title: 'LedgerEventKind', type: 'string', enum: LEDGER_EVENT_KINDS },
    outcome: { type: 'string' },
    count: { ...count, description: 'How many it stands for; absent: one.' },
    resource: { type: 'string' },
    subject: subjectSchema,
    operationId: { type: 'string' },
    actor: { type: 'string', description: 'The name of the key.' },
  },
  required: ['id', 'at', 'node', 'kind', 'outcome'],
  additionalProperties: true,
} as const;

const windowSchema = {
  title: 'PastWindow',
  type: 'object',
  properties: {
    rule: { type: 'string' },
    resource: { type: 'string' },
    subject: subjectSchema,
    window: { description: 'As the rule wrote it.' },
    meter: { type: 'string' },
    startsAt: orNull(instant),
    resetsAt: orNull(instant),
    used: count,
    reserved: count,
    max: orNull(count),
    allowed: { ...count, description: 'Decisions that counted in it.' },
    denied: count,
    seenAt: { ...instant, description: 'When a decision last saw the counter.' },
  },
  required: [
    'rule',
    'resource',
    'subject',
    'window',
    'meter',
    'startsAt',
    'used',
    'max',
    'allowed',
    'denied',
    'seenAt',
  ],
  additionalProperties: false,
} as const;

const topSchema = {
  title: 'TopSubject',
  type: 'object',
  properties: {
    resource: { type: 'string' },
    subject: subjectSchema,
    used: count,
    allowed: count,
    denied: count,
  },
  required: ['resource', 'subject', 'used', 'allowed', 'denied'],
  additionalProperties: false,
} as const;

const foundSubjectSchema = {
  title: 'FoundSubject',
  type: 'object',
  properties: {
    subject: subjectSchema,
    seenAt: { ...instant, description: 'When a rule last counted it; up to a day too early.' },
  },
  required: ['subject', 'seenAt'],
  additionalProperties: false,
} as const;

const outageSchema = {
  title: 'Outage',
  type: 'object',
  properties: {
    node: { type: 'string' },
    from: instant,
    to: { ...orNull(instant), description: 'Null while it lasts.' },
    allowed: count,
    denied: count,
    settled: {
      title: 'SettledInOutage',
      type: 'object',
      description: 'What became of those that were allowed, by outcome.',
      additionalProperties: count,
    },
    pending: { ...count, description: 'Allowed, and nothing is recorded yet of what became of them.' },
  },
  required: ['node', 'from', 'to', 'allowed', 'denied', 'settled', 'pending'],
  additionalProperties: false,
} as const;

const callSchema = {
  ...eventSchema,
  title: 'AffectedCall',
  description:
    'A decision that was made without the store, and what is recorded of its operation afterwards.',
  properties: { ...eventSchema.properties, afterwards: { type: 'array', items: eventSchema } },
  required: [...eventSchema.required, 'afterwards'],
} as const;

function listSchema(name: string, items: object) {
  return {
    type: 'object',
    properties: { [name]: { type: 'array', items }, next, nodes },
    required: [name, 'nodes'],
    additionalProperties: false,
  } as const;
}

export const operationSchema = {
  type: 'object',
  properties: {
    operations: {
      type: 'array',
      description: 'One for each scope that the id was used in.',
      items: {
        title: 'TracedOperation',
        type: 'object',
        properties: {
          resource: { type: 'string' },
          subject: subjectSchema,
          events: { type: 'array', items: eventSchema },
        },
        required: ['events'],
        additionalProperties: false,
      },
    },
    nodes,
  },
  required: ['operations', 'nodes'],
  additionalProperties: false,
} as const;
export const decisionsSchema = listSchema('decisions', eventSchema);
export const auditSchema = listSchema('audit', eventSchema);
export const usageHistorySchema = listSchema('windows', windowSchema);
export const topSubjectsSchema = listSchema('subjects', topSchema);
export const foundSubjectsSchema = listSchema('subjects', foundSubjectSchema);
export const outagesSchema = listSchema('outages', outageSchema);
export const outageCallsSchema = listSchema('calls', callSchema);
export const subjectDataSchema = listSchema('events', eventSchema);
export const subjectDataDeletedSchema = {
  type: 'object',
  properties: {
    subject: subjectSchema,
    deleted: {
      title: 'DeletedSubjectData',
      type: 'object',
      properties: { events: count, windows: count, outgoingEvents: count, deliveries: count },
      required: ['events', 'windows', 'outgoingEvents', 'deliveries'],
      additionalProperties: false,
    },
    nodes,
  },
  required: ['subject', 'deleted', 'nodes'],
  additionalProperties: false,
} as const;
export const rollbackSchema = {
  type: 'object',
  properties: {
    version: { type: 'integer', minimum: 1, description: 'Of the rules: the rule is to be as it was then.' },
    reason: { type: 'string', minLength: 1, maxLength: 256 },
  },
  required: ['version'],
  additionalProperties: false,
} as const;
export const ledgerStatusSchema = {
  type: 'object',
  properties: {
    store: { title: 'LedgerStore', type: 'string', enum: ['sqlite', 'postgres'] },
    covers: { title: 'LedgerCoverage', type: 'string', enum: ['this node', 'all nodes'] },
    queued: { ...count, description: 'Events of this node that wait to be written.' },
    written: { ...count, description: 'Since this node started, as the next.' },
    lost: count,
    lastError: { type: 'string', description: 'Why the last attempt to write failed.' },
    findings: { type: 'array', items: { type: 'string' } },
    gaps: { type: 'array', items: eventSchema },
    next,
    nodes,
  },
  required: ['store', 'covers', 'queued', 'written', 'lost', 'findings', 'gaps', 'nodes'],
  additionalProperties: false,
} as const;
