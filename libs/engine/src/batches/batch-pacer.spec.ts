import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { QuotaError } from '@sundial/contract';
import { BatchPacer, MAX_BEGUN, MAX_WAITING_CHECKS } from './batch-pacer.js';

const TIME = { deadlineMs: 5_000 };
const requests = (count: number, resource = 'ocr') =>
  Array.from({ length: count }, (_, index) => ({ resource, index }));

/** Decides nothing until the test lets it, and notes in which order it was asked. */
class SlowStore {
  readonly begun: string[] = [];
  readonly #answers: (() => void)[] = [];
  most = 0;

  readonly decide =
    (name: string) =>
    ({ index }: { readonly index: number }) =>
      new Promise<string>((resolve) => {
        this.begun.push(`${name}${index}`);
        this.#answers.push(() => resolve(`${name}${index} decided`));
        this.most = Math.max(this.most, this.#answers.length);
      });

  answer(count: number): void {
    for (const answer of this.#answers.splice(0, count)) answer();
  }

  async answerAll(total: number): Promise<void> {
    for (let answered = 0; answered < total;) {
      answered += this.#answers.length;
      this.answer(Infinity);
      await sleep(1);
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

describe('BatchPacer', () => {
  it('decides all checks of a batch and keeps their order', async () => {
    const results = await new BatchPacer().run(requests(50), ({ index }) => index, TIME);
    expect(results).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('has only so many checks begun at once, of all batches together, and begins others as those are answered', async () => {
    const [pacer, store] = [new BatchPacer(), new SlowStore()];
    const batches = ['a', 'b'].map((name) => pacer.run(requests(300), store.decide(name), TIME));
    await until(() => store.begun.length === MAX_BEGUN);
    await sleep(5);
    expect(store.begun).toHaveLength(MAX_BEGUN);
    expect(pacer.waiting).toBe(600 - MAX_BEGUN);
    store.answer(10);
    await until(() => store.begun.length === MAX_BEGUN + 10);
    await store.answerAll(590);
    await Promise.all(batches);
    expect(store.most).toBe(MAX_BEGUN);
    expect(pacer.waiting).toBe(0);
  });

  it('gives callers turns, then the connections of each, then resources', async () => {
    const [pacer, store] = [new BatchPacer(), new SlowStore()];
    const run = (name: string, fairnessKeys: [string, string], resource = 'ocr') =>
      pacer.run(requests(500, resource), store.decide(name), { ...TIME, fairnessKeys });
    const many = ['1', '2', '3'].map((connection) => run('many', ['many', connection]));
    const few = run('few', ['few', '1']);
    await until(() => store.begun.length === MAX_BEGUN);
    const ofFew = store.begun.filter((name) => name.startsWith('few')).length;
    expect(ofFew).toBeGreaterThanOrEqual(MAX_BEGUN / 2 - 8);
    await store.answerAll(2_000);
    await Promise.all([...many, few]);
  });

  it('never keeps a turn of the event loop for long', async () => {
    const pacer = new BatchPacer();
    let [inTurn, most] = [0, 0];
    let turn = setImmediate(function count() {
      most = Math.max(most, inTurn);
      inTurn = 0;
      turn = setImmediate(count);
    });
    const spin = () => {
      inTurn++;
      const until = performance.now() + 0.1;
      while (performance.now() < until);
    };
    await pacer.run(requests(1_000), spin, TIME);
    clearImmediate(turn);
    // 3 ms of them, and no clock that a busy machine could stop.
    expect(most).toBeLessThanOrEqual(40);
  });

  it('says overloaded in the place of each check whose turn does not come in time', async () => {
    const [pacer, store] = [new BatchPacer(), new SlowStore()];
    const batch = pacer.run(requests(MAX_BEGUN + 2), store.decide('a'), { deadlineMs: 30 });
    await sleep(60);
    expect(pacer.waiting).toBe(0);
    await store.answerAll(MAX_BEGUN);
    const results = await batch;
    expect(results.slice(0, 2)).toEqual(['a0 decided', 'a1 decided']);
    for (const late of results.slice(MAX_BEGUN)) expect(late).toMatchObject({ code: 'overloaded' });
    expect(store.begun).toHaveLength(MAX_BEGUN);
  });

  it('puts a refusal of one check in its place, thrown or rejected, and decides the others', async () => {
    const conflict = QuotaError.conflict('id');
    const results = await new BatchPacer().run(
      requests(3),
      ({ index }): string | Promise<string> => {
        if (index === 0) throw conflict;
        return index === 1 ? Promise.reject(conflict) : 'decided';
      },
      TIME,
    );
    expect(results).toEqual([conflict, conflict, 'decided']);
  });

  it('rejects with what is no refusal', async () => {
    const broken = new TypeError('broken');
    const run = new BatchPacer().run(requests(1), () => Promise.reject(broken), TIME);
    await expect(run).rejects.toBe(broken);
  });

  it('sheds a batch for which there is no room, and none of a caller that has less than its share', async () => {
    const [pacer, store] = [new BatchPacer(), new SlowStore()];
    const batches: Promise<unknown>[] = [];
    const run = (caller: string) =>
      pacer.run(requests(1_000), store.decide(caller), { ...TIME, fairnessKeys: [caller, ''] });
    while (pacer.waiting + 1_000 <= MAX_WAITING_CHECKS) batches.push(run('greedy'));
    await expect(run('greedy')).rejects.toMatchObject({ code: 'overloaded' });
    batches.push(run('modest'));
    await store.answerAll(1_000 * batches.length);
    expect(await Promise.all(batches)).toHaveLength(batches.length);
  });
});
