import { createHash } from 'node:crypto';
import {
  DEFAULT_PACK_PRIORITY,
  MAX_PACKS,
  PACK_ID_PATTERN,
  QuotaError,
  said,
  UNITS_METER,
  type InputError,
  type Pack,
  type PackAdded,
  type PackInput,
  type PackState,
  type Rule,
  type Subject,
  type SubjectPacks,
  type UsageRequest,
} from '@sundial/contract';
import { counterKey } from '../counters/counter-key.js';
import { assertUsageRequest } from '../requests/parse-request.js';
import { packInputErrors } from '../requests/parse-pack.js';
import type { LiveRules } from '../rules/live-rules.js';
import type { Runner } from '../runners/runner.js';
import { packsKeyOf, type PackPlace, type StoredPack } from '../stores/packs.js';

export interface EnginePacksOptions {
  readonly runner: Runner;
  readonly rules: LiveRules;
}

/** An operator's verbs on packs: units that were bought or given (`PackInput`). */
export class EnginePacks {
  readonly #options: EnginePacksOptions;

  constructor(options: EnginePacksOptions) {
    this.#options = options;
  }

  /** @throws QuotaError `invalid-request`, `operation-conflict`, `too-many-packs`, `store-unavailable` */
  async add(input: PackInput): Promise<PackAdded> {
    const { runner, rules } = this.#options;
    const errors = packInputErrors(input, runner.now());
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const { resource, subject, amount, operationId, meter = UNITS_METER } = input;
    const { priority = DEFAULT_PACK_PRIORITY } = input;
    const covered = rulesOf(rules.current.forResource(resource), subject);
    const place = placeOf(covered, input);
    assertCounted(covered, meter);
    const expiresAt = input.expiresAt === undefined ? Infinity : Date.parse(input.expiresAt);
    const id = shortHash(`${place.key} ${operationId}`);
    const content = shortHash(JSON.stringify([meter, amount, priority, input.expiresAt ?? null]));
    const result = await runner.packs.addPack(place, { id, meter, amount, priority, expiresAt, content });
    switch (result.outcome) {
      case 'added':
      case 'replayed':
        return { pack: this.#shown(result.packs, id), replayed: result.outcome === 'replayed' };
      case 'conflict':
        throw conflict(operationId);
      case 'too-many':
        throw tooManyPacks();
      case 'wrong-type':
        throw wrongType();
      default:
        return result satisfies never;
    }
  }

  /** Every pack that is remembered. @throws QuotaError `invalid-request`, `store-unavailable` */
  async list(request: UsageRequest): Promise<SubjectPacks> {
    const result = await this.#options.runner.packs.packsAt(this.#placeOf(request));
    if (result.outcome === 'wrong-type') throw wrongType();
    const now = this.#options.runner.now();
    const { resource, subject } = request;
    return { resource, subject, packs: result.packs.map((pack) => shownPack(pack, now)) };
  }

  /** What is left of it is used no more. @throws QuotaError `invalid-request`, `pack-not-found`, `store-unavailable` */
  async cancel(id: string, request: UsageRequest): Promise<Pack> {
    const place = this.#placeOf(request);
    if (!PACK_ID_PATTERN.test(id)) throw packNotFound();
    const result = await this.#options.runner.packs.cancelPack(place, id);
    if (result.outcome !== 'cancelled') throw result.outcome === 'wrong-type' ? wrongType() : packNotFound();
    return this.#shown(result.packs, id);
  }

  /** Of `GET /usage`: those that have units left; none where the store is away. */
  async left(rules: readonly Rule[], subject: Subject): Promise<readonly Pack[]> {
    const { runner } = this.#options;
    const places = new Map(rules.flatMap((rule) => placesOf(rule, subject)));
    const known = await Promise.all([...places.values()].map((place) => runner.packs.known(place)));
    const now = runner.now();
    return known
      .flatMap((packs) => packs ?? [])
      .map((pack) => shownPack(pack, now))
      .filter(({ state }) => state === 'active');
  }

  #placeOf(request: UsageRequest): PackPlace {
    assertUsageRequest(request);
    const { resource, subject } = request;
    return placeOf(rulesOf(this.#options.rules.current.forResource(resource), subject), request);
  }

  #shown(packs: readonly StoredPack[], id: string): Pack {
    const pack = packs.find((each) => each.id === id);
    if (pack === undefined) throw packNotFound();
    return shownPack(pack, this.#options.runner.now());
  }
}

/** The rules that packs of a subject stand in for: those that count by exactly its attributes. */
function rulesOf(rules: readonly Rule[], subject: Subject): readonly Rule[] {
  const names = Object.keys(subject);
  return rules.filter(({ per }) => per.length === names.length && per.every((name) => names.includes(name)));
}

function placeOf(covered: readonly Rule[], { resource, subject }: UsageRequest): PackPlace {
  const [place] = covered.flatMap((rule) => placesOf(rule, subject));
  if (place !== undefined) return place[1];
  const names = Object.keys(subject).join(' and ') || 'no attribute';
  throw QuotaError.invalid('invalid-request', [
    { path: 'subject', ...said('pack-subject', { resource, names }) },
  ]);
}

function placesOf(rule: Rule, subject: Subject): [string, PackPlace][] {
  const { key: counter, shardGroup } = counterKey(rule, subject);
  const key = packsKeyOf(counter);
  return key === undefined ? [] : [[key, { key, shardGroup }]];
}

function assertCounted(covered: readonly Rule[], meter: string): void {
  const limits = covered.flatMap((rule) => rule.limits);
  const isCounted = limits.some(
    (limit) => limit.window !== 'concurrent' && (limit.meter ?? UNITS_METER) === meter,
  );
  if (isCounted) return;
  const ids = covered.map(({ id }) => id).join(', ');
  const errors: readonly InputError[] = [{ path: 'meter', ...said('pack-meter', { rules: ids }) }];
  throw QuotaError.invalid('invalid-request', errors);
}

function shownPack(pack: StoredPack, now: number): Pack {
  const { id, meter, amount, left: remaining, priority, expiresAt, createdAt } = pack;
  return {
    id,
    meter,
    amount,
    remaining,
    priority,
    expiresAt: expiresAt === Infinity ? null : new Date(expiresAt).toISOString(),
    createdAt: new Date(createdAt).toISOString(),
    state: stateOf(pack, now),
  };
}

function stateOf({ isCancelled, expiresAt, left }: StoredPack, now: number): PackState {
  if (isCancelled) return 'cancelled';
  if (expiresAt <= now) return 'expired';
  return left === 0 ? 'used' : 'active';
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function conflict(operationId: string): QuotaError {
  const detail = `Operation ${operationId} added another pack; use a new operationId.`;
  return new QuotaError('operation-conflict', detail);
}

function tooManyPacks(): QuotaError {
  const detail = `The subject has ${MAX_PACKS} packs that can still be used, or the store has no room for another subject's: cancel some.`;
  return new QuotaError('too-many-packs', detail);
}

function packNotFound(): QuotaError {
  return new QuotaError('pack-not-found', 'The subject has no pack with this id. Nothing was changed.');
}

function wrongType(): QuotaError {
  const detail = 'The key of the packs holds something that Sundial did not write: remove it.';
  return new QuotaError('store-unavailable', detail);
}
