import { decides, hear, synced } from './reservation-model-answers.js';
import { callersSteps } from './reservation-model-callers.js';
import { isPack } from './reservation-model-counters.js';
import { settle } from './reservation-model-settlements.js';
import { unitsOf } from './reservation-model-packs.js';
import { apply, type Answered, type Part, type Shape } from './reservation-model.js';
import {
  fitting,
  post,
  type Called,
  type Message,
  type Scenario,
  type Step,
  type World,
} from './reservation-model-world.js';

/** All worlds that can be the next one. */
export function nextOf(scenario: Scenario, shape: Shape, world: World): Step[] {
  const { store, messages } = world;
  const steps: Step[] = [];
  if (store.now < scenario.lastInstant && !messages.some((message) => isUrgent(shape, message, store.now)))
    steps.push({
      label: `it is ${store.now + 1}`,
      world: { ...world, store: { ...store, now: store.now + 1 } },
    });
  steps.push(...callersSteps(shape, world, scenario.plans));
  const seen = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const key = JSON.stringify(message);
    if (seen.has(key)) continue;
    seen.add(key);
    const rest = { ...world, messages: messages.toSpliced(index, 1) };
    if (message.state === 'pending') steps.push(...settles(shape, rest, message));
    else if (message.state === 'awaited') steps.push(...isAwaited(scenario, shape, rest, message.call));
    else steps.push(...arrivesLate(shape, rest, message.call));
  }
  return steps;
}

/**
 * A node answers within its deadline, which is nothing beside the lives of reservations. And what the store may have done
 * already is settled while it remembers that; later, the node reports the counters as uncertain and promises nothing about them.
 */
function isUrgent({ rememberFor, rememberSettledFor }: Shape, message: Message, now: number): boolean {
  if (message.state !== 'pending') return message.state === 'awaited';
  const { isUnsent, decidedAt } = message.settlement;
  return now + 1 >= decidedAt + (isUnsent ? rememberSettledFor : rememberFor);
}

/** The store answers in time; or its answer is lost; or the node does not ask, or gives the call up, which may still arrive. */
function isAwaited(scenario: Scenario, shape: Shape, world: World, call: Called): Step[] {
  const name = `${call.operation}: ${call.verb}`;
  const answered = apply(shape, world.store, call);
  const ran = { ...world, store: answered.store };
  const isClean = world.faults === scenario.faults && world.messages.length === 0;
  const heard = hear(shape, ran, call, answered);
  const steps: Step[] = [
    {
      label: `${name} is answered ${answered.outcome}`,
      world: heard,
      wrong: isClean ? wrongIn(shape, world, call, answered) : undefined,
    },
  ];
  if (world.faults === 0) return steps;
  for (const [how, unheard] of [
    ['runs unheard', { ...synced(shape, ran, call.operation, answered), faults: world.faults - 1 }],
    ['is not sent', { ...world, faults: world.faults - 1 }],
    ['is late', { ...post(world, { state: 'given up', call }), faults: world.faults - 1 }],
  ] as const)
    for (const [answer, decided] of decides(shape, unheard, { call, isUnsent: how === 'is not sent' }))
      steps.push({ label: `${name} ${how}, the node says ${answer}`, world: decided });
  return steps;
}

function arrivesLate(shape: Shape, world: World, call: Called): Step[] {
  const name = `${call.operation}: ${call.verb}`;
  const answered = apply(shape, world.store, call);
  const arrived = synced(shape, { ...world, store: answered.store }, call.operation, answered);
  return [
    { label: `${name} arrives late: ${answered.outcome}`, world: arrived },
    { label: `${name} never arrives`, world },
  ];
}

function settles(
  shape: Shape,
  world: World,
  message: Extract<Message, { readonly state: 'pending' }>,
): Step[] {
  const { settlement } = message;
  const { operation, intent } = settlement;
  const answered = settle(shape, world.store, settlement);
  const settled = synced(shape, { ...world, store: answered.store }, operation, answered);
  const label = `${operation}: ${intent} is settled: ${answered.outcome}`;
  const steps: Step[] = [{ label, world: settled }];
  if (world.faults > 0)
    steps.push({
      label: `${label}, unheard`,
      world: { ...post(settled, message), faults: world.faults - 1 },
    });
  return steps;
}

/** By what callers know, where no message is under way. */
function wrongIn(
  shape: Shape,
  world: World,
  call: Called,
  { outcome, record }: Answered,
): string | undefined {
  if (call.verb !== 'take' && call.verb !== 'hold') return undefined;
  if (outcome === 'refused' && fitting(shape, world, call)) return 'Refused, and there was room';
  if (outcome !== 'taken' || !shape.limits.some(isPack)) return undefined;
  // The specification itself, whichever guard the world is without.
  const expected = fitting({ ...shape, without: undefined }, world, call);
  if (expected === undefined) return undefined;
  const ofPacks = (parts: readonly Part[]) => parts.filter(({ limit }) => isPack(shape.limits[limit]!));
  const [taken, lacking] = [[...record!.held, ...record!.counted], expected].map((parts) =>
    unitsOf(shape, ofPacks(parts!)),
  );
  const isMore = Object.entries(taken!).some(([meter, units]) => units > (lacking![meter] ?? 0));
  return isMore ? 'A pack gave, and the windows had room' : undefined;
}
