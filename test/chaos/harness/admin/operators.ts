import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from '../history.js';
import type { ChaosNode } from '../node.js';
import { middleOfAYearOffsetMs } from '../rules.js';
import { isKnown, type AdminWrite, type PlannedWrite } from './admin-write.js';

const MAX_TRIES = 3;
const PAUSE_MS = 50;
const CONFIRM_LIMIT_MS = 10_000;

interface Planned {
  readonly index: number;
  readonly write: PlannedWrite;
}

/**
 * What operators do to subjects meanwhile, one thing after the other for each subject. One that is not answered asks the next node, and
 * of one whose outcome is not known in the end it is asked once more.
 */
export class Operators {
  /** The last write of each subject of a resource. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #packs = new Map<string, string>();
  readonly #unknown = new Map<string, { readonly index: number; readonly write: AdminWrite }>();

  constructor(
    private readonly nodes: readonly ChaosNode[],
    private readonly history: History,
  ) {}

  begin(planned: Planned): void {
    const place = placeOf(planned.write);
    const before = this.#last.get(place) ?? Promise.resolve();
    this.#last.set(
      place,
      before.then(() => this.#do(planned, place)),
    );
  }

  /** Packs that were not cancelled, where the store has lost its data. */
  addAgain(): void {
    for (const { write, answer } of [...this.history.writes]) {
      if (write.verb !== 'add-pack' || answer.kind !== 'done') continue;
      const place = placeOf(write);
      this.#last.set(
        place,
        this.#last.get(place)!.then(() => this.#addAgain(write)),
      );
    }
  }

  async #addAgain(write: Extract<AdminWrite, { readonly verb: 'add-pack' }>): Promise<void> {
    const id = this.#packs.get(write.body.operationId);
    const isCancelled = this.history.writes.some(
      (one) => one.write.verb === 'cancel-pack' && one.write.id === id,
    );
    if (!isCancelled) await this.#insist(write, { index: 0, name: write.body.operationId });
  }

  async finish(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  /** The store itself says what came of the last write of each subject. */
  async confirm(): Promise<void> {
    const until = performance.now() + CONFIRM_LIMIT_MS;
    await Promise.all(
      [...this.#unknown.values()].map(async ({ index, write }) => {
        for (let at = index; performance.now() < until; at++) {
          if (await this.#ask(write, at)) return;
          await sleep(PAUSE_MS);
        }
      }),
    );
  }

  async #do({ index, write: planned }: Planned, place: string): Promise<void> {
    const write = this.#writeOf(planned);
    if (write === undefined) return;
    // A pack is one write's own; an override takes the place of the one before.
    const name = write.verb === 'add-pack' ? write.body.operationId : `${place} ${write.verb.split('-')[1]!}`;
    await this.#insist(write, { index, name });
  }

  async #insist(
    write: AdminWrite,
    { index, name }: { readonly index: number; readonly name: string },
  ): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (await this.#ask(write, index + tries)) {
        this.#unknown.delete(name);
        return;
      }
    }
    this.#unknown.set(name, { index, write });
  }

  /** Nothing where the pack to cancel is not known. */
  #writeOf(planned: PlannedWrite): AdminWrite | undefined {
    switch (planned.verb) {
      case 'add-pack': {
        const { body, expiresInMs } = planned;
        return { verb: 'add-pack', body: { ...body, ...endIn(expiresInMs, 'expiresAt') } };
      }
      case 'cancel-pack': {
        const { resource, subject, operationId } = planned.added;
        const id = this.#packs.get(operationId);
        return id === undefined ? undefined : { verb: 'cancel-pack', id, resource, subject };
      }
      case 'set-override': {
        const { body, validForMs } = planned;
        return { verb: 'set-override', body: { ...body, ...endIn(validForMs, 'validUntil') } };
      }
      case 'remove-override': {
        const { rule, subject } = planned;
        return { verb: 'remove-override', rule, subject };
      }
      default:
        return planned satisfies never;
    }
  }

  /** Whether its outcome is known. */
  async #ask(write: AdminWrite, at: number): Promise<boolean> {
    const node = this.nodes[at % this.nodes.length]!;
    const sentAt = performance.now();
    const answer = await node.write(write);
    const written = { write, node: node.name, sentAt, endedAt: performance.now(), answer };
    this.history.noteWrite(written);
    if (write.verb === 'add-pack' && answer.kind === 'done' && answer.pack)
      this.#packs.set(write.body.operationId, answer.pack.id);
    return isKnown(written);
  }
}

function placeOf(planned: PlannedWrite): string {
  switch (planned.verb) {
    case 'add-pack':
    case 'set-override':
      return `${'resource' in planned ? planned.resource : planned.body.resource} ${Object.values(planned.body.subject).join(' ')}`;
    case 'cancel-pack':
      return `${planned.added.resource} ${Object.values(planned.added.subject).join(' ')}`;
    case 'remove-override':
      return `${planned.resource} ${Object.values(planned.subject).join(' ')}`;
    default:
      return planned satisfies never;
  }
}

function endIn<K extends string>(ms: number | undefined, name: K): { readonly [key in K]?: string } {
  if (ms === undefined) return {};
  const end = new Date(Date.now() + middleOfAYearOffsetMs() + ms).toISOString();
  return { [name]: end } as { readonly [key in K]?: string };
}
