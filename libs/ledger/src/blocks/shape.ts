import type { LedgerData, LedgerEvent, LedgerEventKind, LedgerLimit } from '../contract/ledger-event.js';

/** A limit of an event without what was used of it. */
interface LimitShape extends Omit<LedgerLimit, 'used' | 'reserved'> {
  /** What is reserved is said beside what is used. */
  readonly reserves: boolean;
}

/**
 * What many events have in common: all but the instant, the operation, the values of the subject, and the numbers. Thousands of events of a
 * block have one of a few shapes, so a shape is written once and an event names it.
 */
export interface Shape {
  readonly kind: LedgerEventKind;
  readonly outcome: string;
  readonly resource: string;
  readonly actor?: string | undefined;
  /** The names of the subject's attributes. */
  readonly names: readonly string[];
  readonly hasOperation: boolean;
  /** What `data` says literally. Absent: there is no `data`. */
  readonly constants?: readonly Constant[] | undefined;
  readonly hasLatency: boolean;
  readonly hasRequest: boolean;
  readonly hasTrace: boolean;
  readonly hasExpiry: boolean;
  readonly meters?: readonly string[] | undefined;
  readonly limits?: readonly LimitShape[] | undefined;
}

type Degraded = NonNullable<LedgerData['degraded']>;

interface Constant {
  readonly name: string;
  readonly value: string | number | boolean | null | Degraded;
}

/** The kinds that come often. Of the others, what differs from event to event is most of it. */
const SHAPED: ReadonlySet<string> = new Set<LedgerEventKind>([
  'check',
  'reserve',
  'extend',
  'commit',
  'release',
  'expire',
  'refund',
  'return',
  'receipt',
]);
const MAX_NAMES = 8;
const MAX_LISTED = 64;
/** Longer texts are rarely said twice. */
const MAX_CONSTANT = 128;

/** The shape of an event, if it has one: else it is written as JSON. */
export function shapeOf(event: LedgerEvent): Shape | undefined {
  const { kind, outcome, resource, subject, actor, operationId, count, data } = event;
  if (!SHAPED.has(kind) || resource === undefined || !subject || count !== undefined) return undefined;
  const names = Object.keys(subject);
  const ofData = data ? shapeOfData(data) : NO_DATA;
  if (names.length > MAX_NAMES || !ofData) return undefined;
  return { kind, outcome, resource, actor, names, hasOperation: operationId !== undefined, ...ofData };
}

type DataShape = Omit<Shape, 'kind' | 'outcome' | 'resource' | 'actor' | 'names' | 'hasOperation'>;

const NO_DATA: DataShape = { hasLatency: false, hasRequest: false, hasTrace: false, hasExpiry: false };

function shapeOfData(data: LedgerData): DataShape | undefined {
  const constants = constantsOf(data);
  const { amounts, limits, latencyMs, requestId, traceId, expiresAt } = data;
  const meters = amounts && Object.keys(amounts);
  const isLong = (list: readonly unknown[] | undefined) => list !== undefined && list.length > MAX_LISTED;
  if (!constants || isLong(meters) || isLong(limits)) return undefined;
  return {
    ...{ constants, meters },
    hasLatency: latencyMs !== undefined,
    hasRequest: requestId !== undefined,
    hasTrace: traceId !== undefined,
    hasExpiry: expiresAt !== undefined,
    limits: limits?.map(({ used: _, reserved, ...limit }) => ({
      ...limit,
      reserves: reserved !== undefined,
    })),
  };
}

/** Undefined: something is no constant. */
function constantsOf(data: LedgerData): readonly Constant[] | undefined {
  const constants: Constant[] = [];
  for (const name in data) {
    const value = data[name];
    if (isVariable(name) || value === undefined) continue;
    if (isConstant(value)) constants.push({ name, value });
    else return undefined;
  }
  return constants;
}

function isVariable(name: string): boolean {
  switch (name) {
    case 'latencyMs':
    case 'requestId':
    case 'traceId':
    case 'expiresAt':
    case 'amounts':
    case 'limits':
      return true;
    default:
      return false;
  }
}

function isConstant(value: unknown): value is Constant['value'] {
  if (typeof value === 'object') return value === null || isDegraded(value);
  if (typeof value === 'string') return value.length <= MAX_CONSTANT;
  return typeof value === 'number' || typeof value === 'boolean';
}

function isDegraded(value: object): value is Degraded {
  const { cause, policy } = value as Partial<Degraded>;
  return typeof cause === 'string' && typeof policy === 'string' && Object.keys(value).length === 2;
}

/** Whether the event has this shape. Every check comes here: it makes nothing. */
export function fits(shape: Shape, event: LedgerEvent): boolean {
  const { kind, outcome, actor, subject, operationId, data, count } = event;
  if (shape.kind !== kind || shape.outcome !== outcome || shape.actor !== actor) return false;
  if (count !== undefined || shape.hasOperation !== (operationId !== undefined)) return false;
  if (!subject || !hasNames(subject, shape.names)) return false;
  if (!data || !shape.constants) return data === undefined && shape.constants === undefined;
  return hasConstants(data, shape.constants) && hasVariables(data, shape);
}

function hasNames(record: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  let index = 0;
  for (const name in record) if (names[index++] !== name) return false;
  return index === names.length;
}

function hasConstants(data: LedgerData, constants: readonly Constant[]): boolean {
  let index = 0;
  for (const name in data) {
    if (isVariable(name)) continue;
    const value = data[name];
    if (value === undefined) continue;
    const constant = constants[index++];
    if (constant?.name !== name || !isSame(constant.value, value)) return false;
  }
  return index === constants.length;
}

function isSame(one: Constant['value'], other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return false;
  const { cause, policy } = other as Partial<Degraded>;
  return one.cause === cause && one.policy === policy && isDegraded(other);
}

function hasVariables(data: LedgerData, shape: Shape): boolean {
  const { amounts, limits, latencyMs, requestId, traceId, expiresAt } = data;
  if (shape.hasLatency !== (latencyMs !== undefined) || shape.hasRequest !== (requestId !== undefined))
    return false;
  if (shape.hasTrace !== (traceId !== undefined) || shape.hasExpiry !== (expiresAt !== undefined))
    return false;
  if (amounts ? !shape.meters || !hasNames(amounts, shape.meters) : shape.meters) return false;
  if (!limits || !shape.limits) return limits === undefined && shape.limits === undefined;
  if (limits.length !== shape.limits.length) return false;
  for (let index = 0; index < limits.length; index += 1)
    if (!isLimit(shape.limits[index]!, limits[index]!)) return false;
  return true;
}

function isLimit(shape: LimitShape, limit: LedgerLimit): boolean {
  return (
    shape.startsAt === limit.startsAt &&
    shape.resetsAt === limit.resetsAt &&
    shape.max === limit.max &&
    shape.rule === limit.rule &&
    shape.window === limit.window &&
    shape.meter === limit.meter &&
    shape.exceeded === limit.exceeded &&
    shape.reserves === (limit.reserved !== undefined) &&
    isSameList(shape.per, limit.per)
  );
}

function isSameList(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === other) return true;
  return (
    one !== undefined &&
    other !== undefined &&
    one.length === other.length &&
    one.every((name, index) => name === other[index])
  );
}
