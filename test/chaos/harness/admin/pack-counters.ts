import type { Pack, ReservationPack, Subject } from '@sundial/contract';
import { nameOf, type Counter, type Stored } from '../expected-counters.js';
import { decisionOf, type Attempt, type Loss } from '../history.js';
import type { Contradiction } from '../reservations/contradictions.js';
import type { Written } from './admin-write.js';

/** The packs of one subject. */
export interface PackPlace {
  readonly resource: string;
  readonly subject: Subject;
}

/** A pack is judged as a counter: what is missing in it is what operations have of it, and its max is what it began with. */
export function packCounter(
  { resource, subject }: PackPlace,
  { id, meter }: Pick<ReservationPack, 'id' | 'meter'>,
): Counter {
  return { rule: `pack ${id}`, resource, subject, limit: meter, startsAt: null };
}

export function storedPack(place: PackPlace, pack: Pack): readonly [string, Stored] {
  const counter = packCounter(place, pack);
  return [nameOf(counter), { counter, used: pack.amount - pack.remaining, reserved: 0 }];
}

/** Where operators have added some, each once. */
export function packPlacesIn(writes: readonly Written[]): PackPlace[] {
  const places = writes.flatMap(({ write }) => {
    if (write.verb !== 'add-pack') return [];
    const { resource, subject } = write.body;
    return [[`${resource} ${Object.values(subject).join(' ')}`, { resource, subject }] as const];
  });
  return [...new Map(places).values()];
}

/** A pack that an operator was answered about. */
export interface AddedPack extends PackPlace {
  readonly id: string;
  readonly meter: string;
  readonly amount: number;
  /** Since the store had lost it. Monotonic. */
  readonly addedAgainAt?: number | undefined;
}

export function packsAddedBy(writes: readonly Written[], loss?: Loss): AddedPack[] {
  const added = writes.flatMap(({ write, answer }) => {
    if (write.verb !== 'add-pack' || answer.kind !== 'done' || !answer.pack) return [];
    const { resource, subject, amount, meter = 'units' } = write.body;
    const { id } = answer.pack;
    return [
      [id, { resource, subject, id, meter, amount, addedAgainAt: addedAgainAt(id, writes, loss) }] as const,
    ];
  });
  return [...new Map(added).values()];
}

function addedAgainAt(id: string, writes: readonly Written[], loss: Loss | undefined): number | undefined {
  if (loss === undefined) return undefined;
  const its = writes.flatMap(({ write, answer, sentAt }) =>
    write.verb === 'add-pack' && answer.kind === 'done' && answer.pack?.id === id
      ? [{ sentAt, createdAt: answer.pack.createdAt }]
      : [],
  );
  const before = its.find(({ sentAt }) => sentAt < loss.from);
  return its.find(({ sentAt, createdAt }) => sentAt >= loss.from && createdAt !== before?.createdAt)?.sentAt;
}

/** It may be among what the store has lost. */
function mayBeLost({ id }: AddedPack, writes: readonly Written[], loss: Loss | undefined): boolean {
  const isAdded = ({ write, answer }: Written) =>
    write.verb === 'add-pack' && answer.kind === 'done' && answer.pack?.id === id;
  return writes.filter(isAdded).every(({ sentAt }) => sentAt < (loss?.to ?? -Infinity));
}

/** What answers say of packs that cannot be: one is gone or has other units, or gave some after it was cancelled. */
export function packContradictions(
  writes: readonly Written[],
  attempts: readonly Attempt[],
  stored: ReadonlyMap<string, Stored>,
  loss?: Loss,
): Contradiction[] {
  const gone = packsAddedBy(writes)
    .filter((pack) => !stored.has(nameOf(packCounter(pack, pack))) && !mayBeLost(pack, writes, loss))
    .map(({ id }) => ({ operationId: id, sentence: 'a pack that was added is gone' }));
  const others = writes.flatMap(({ write, answer }) => {
    if (write.verb !== 'add-pack' || answer.kind !== 'done' || !answer.pack) return [];
    const { id, amount } = answer.pack;
    const sentence = `a pack of ${write.body.amount} began with ${amount}`;
    return amount === write.body.amount ? [] : [{ operationId: id, sentence }];
  });
  const cancelled = new Map(
    writes.flatMap(({ write, answer, endedAt }) =>
      write.verb === 'cancel-pack' && answer.kind === 'done' ? [[write.id, endedAt]] : [],
    ),
  );
  const late = attempts.flatMap((attempt) => {
    const decision = decisionOf(attempt);
    if (!decision || decision.replayed) return [];
    return (decision.packs ?? [])
      .filter(({ id }) => attempt.sentAt > (cancelled.get(id) ?? Infinity))
      .map(({ id }) => ({
        operationId: attempt.operation.operationId,
        sentence: `it took from pack ${id} after that was cancelled`,
      }));
  });
  return [...gone, ...others, ...late];
}
