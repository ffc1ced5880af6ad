import { describe, expect, it } from '@jest/globals';
import type { Decision } from '@sundial/contract';
import * as fc from 'fast-check';
import { failure, type Outcome } from '../answers/outcome.js';
import { QuotaClientError } from '../answers/quota-client-error.js';
import { isUndecided } from '../answers/shapes.js';
import type { Asked } from '../attempts/exchange.js';
import { MAX_MERGED_CHECKS } from './check-queue.js';
import { type Ask, MergedChecks, outcomeOf } from './merged-checks.js';

interface Check {
  readonly operationId: string;
  /** What the service makes of it. */
  readonly fate: 'decided' | 'bad' | 'conflict' | 'drilled';
}

const turn = () => new Promise((later) => setImmediate(later));

/** A service that decides as each check says, refuses a batch for one bad check, and answers after some turns. */
class ScriptedService {
  readonly requests: Check[][] = [];
  underWay = 0;
  mostUnderWay = 0;
  readonly counted: string[] = [];

  constructor(
    readonly turns: (request: number) => number = () => 1,
    readonly namesErrors = true,
    readonly fails: (request: number) => boolean = () => false,
  ) {}

  readonly ask: Ask = async <T>({ path, body, read }: Asked<T>, deadline: number): Promise<Outcome<T>> => {
    const content = JSON.parse(body ?? '') as Check & { readonly checks: Check[] };
    const checks = path === 'check' ? [content] : content.checks;
    const request = this.requests.push(checks);
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    for (let n = this.turns(request); n > 0 && performance.now() < deadline; n -= 1) await turn();
    this.underWay -= 1;
    if (this.fails(request)) return failure('connection-lost', true, 'it was cut');
    const bad = checks.flatMap(({ fate }, index) => (fate === 'bad' ? [index] : []));
    if (bad.length > 0) {
      const errors = bad.map((index) => ({ path: `checks.${index}.amount`, message: 'must be an integer' }));
      const options = { retryable: false, status: 400, errors: this.namesErrors ? errors : [] };
      return { kind: 'refused', error: new QuotaClientError('invalid-request', 'amount', options) };
    }
    const entries = checks.map((check) => this.#decide(check));
    if (path === 'check' && isUndecided(entries[0])) return outcomeOf(entries[0]) as Outcome<never>;
    const answer = read(path === 'check' ? entries[0] : { decisions: entries });
    if (answer === undefined) throw new Error('The service answered what the client does not read.');
    return { kind: 'answered', answer };
  };

  #decide({ operationId, fate }: Check): unknown {
    if (fate === 'drilled')
      return { operationId, error: { code: 'drill-fault', status: 500, title: 'A drill' } };
    if (fate === 'conflict')
      return { operationId, error: { code: 'operation-conflict', status: 409, title: 'No' } };
    this.counted.push(operationId);
    return { allowed: true, limits: [], operationId };
  }
}

function asked(checks: MergedChecks, check: Check, deadlineMs = 5_000): Promise<Outcome<Decision>> {
  const { operationId } = check;
  const dueAt = performance.now() + deadlineMs;
  return checks.check({
    text: JSON.stringify(check),
    operationId,
    resource: 'ocr',
    dueAt,
    traceHeaders: undefined,
  });
}

const decided = (operationId: string): Check => ({ operationId, fate: 'decided' });

describe('checks that are asked for together', () => {
  it('share one request, and one that comes alone goes out alone in the same turn', async () => {
    const service = new ScriptedService();
    const checks = new MergedChecks(service.ask);
    await Promise.all(['a', 'b', 'c'].map((id) => asked(checks, decided(id))));
    const alone = asked(checks, decided('d'));
    await turn();
    expect(service.requests.map((request) => request.length)).toEqual([3, 1]);
    await expect(alone).resolves.toMatchObject({ kind: 'answered', answer: { operationId: 'd' } });
  });

  it('wait for an answer while 4 requests are under way, and share the next one', async () => {
    const service = new ScriptedService(() => 20);
    const checks = new MergedChecks(service.ask);
    const all: Promise<unknown>[] = [];
    for (let n = 0; n < 30; n += 1) {
      all.push(asked(checks, decided(String(n))));
      if (n < 10) await turn();
    }
    await Promise.all(all);
    expect(service.mostUnderWay).toBe(4);
    expect(service.requests.length).toBeLessThan(12);
  });

  it('are answered by their own deadline, also where those before them take theirs', async () => {
    const service = new ScriptedService(() => 1e9);
    const checks = new MergedChecks(service.ask);
    // As many as there may be at once, the slow ones among them.
    const before: Promise<unknown>[] = [];
    while (service.underWay < 16) {
      before.push(asked(checks, decided(String(before.length)), 2_000));
      while (service.requests.length < before.length) await turn();
    }
    const startedAt = performance.now();
    await expect(asked(checks, decided('late'), 20)).resolves.toMatchObject({
      cause: 'timeout',
      sent: false,
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await Promise.all(before);
  });

  it('do not wait for requests that have no answer for long, of which there are 12 at most', async () => {
    const service = new ScriptedService((request) => (request <= 40 ? 1e9 : 1));
    const checks = new MergedChecks(service.ask);
    for (let n = 0; n < 4; n += 1) {
      void asked(checks, decided(`slow-${n}`), 1_000);
      await turn();
      await turn();
    }
    const startedAt = performance.now();
    void asked(checks, decided('prompt'), 900);
    while (service.requests.length < 5) await turn();
    expect(performance.now() - startedAt).toBeLessThan(200);
    for (let n = 0; n < 40; n += 1) {
      void asked(checks, decided(`more-${n}`), 300);
      await new Promise((later) => setTimeout(later, 10));
    }
    expect(service.mostUnderWay).toBe(16);
  });

  it('are each answered for themselves, whatever the others are', async () => {
    const fate = fc.constantFrom<Check['fate'][]>(
      'decided',
      'decided',
      'decided',
      'bad',
      'conflict',
      'drilled',
    );
    const bursts = fc.array(fc.array(fate, { maxLength: 400 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(bursts, fc.boolean(), fc.nat(4), fc.nat(5), async (all, named, turns, cut) => {
        const service = new ScriptedService(
          (request) => (request * turns) % 5,
          named,
          (request) => cut > 0 && request % (cut + 2) === 0,
        );
        const checks = new MergedChecks(service.ask);
        const answers: Promise<[Check, Outcome<Decision>]>[] = [];
        for (const [burst, fates] of all.entries()) {
          for (const [index, each] of fates.entries()) {
            const check = { operationId: `${burst}-${index}`, fate: each };
            answers.push(asked(checks, check).then((outcome) => [check, outcome]));
          }
          await turn();
        }
        for (const [check, outcome] of await Promise.all(answers)) expectFate(check, outcome, cut > 0);
        expect(new Set(service.counted).size).toBe(service.counted.length);
        expect(service.mostUnderWay).toBeLessThanOrEqual(4);
        for (const request of service.requests) expect(request.length).toBeLessThanOrEqual(MAX_MERGED_CHECKS);
      }),
      { numRuns: 40 },
    );
  });
});

function expectFate({ operationId, fate }: Check, outcome: Outcome<Decision>, mayBeCut: boolean): void {
  if (mayBeCut && outcome.kind === 'failed' && outcome.cause === 'connection-lost') return;
  switch (fate) {
    case 'decided':
      return expect(outcome).toMatchObject({ kind: 'answered', answer: { operationId } });
    case 'bad':
      return expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'invalid-request' } });
    case 'conflict':
      return expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'operation-conflict' } });
    case 'drilled':
      return expect(outcome).toMatchObject({ kind: 'failed', cause: 'server-error', code: 'drill-fault' });
  }
}
