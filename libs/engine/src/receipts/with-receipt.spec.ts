import { describe, expect, it } from '@jest/globals';
import type { CheckRequest, ReceiptFacts, Reservation } from '@sundial/contract';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { withReceipt } from './with-receipt.js';

const REQUEST: CheckRequest = { resource: 'ocr', subject: { user: 'u1' }, receipt: true };
const DECISION: EngineDecision = {
  allowed: true,
  reason: 'ok',
  operationId: 'op-1',
  replayed: false,
  wouldDeny: false,
  limits: [],
  degraded: null,
  rulesVersion: 1,
};
const HELD: Reservation = {
  id: 'id-1',
  operationId: 'op-1',
  resource: 'ocr',
  subject: { user: 'u1' },
  state: 'held',
  expiresAt: '2026-11-22T14:30:26+08:00',
  amounts: { units: 2, tokens: 900 },
};

/** What was signed, if anything was. */
async function signed(request: Partial<CheckRequest>, decision: object = {}): Promise<ReceiptFacts[]> {
  const facts: ReceiptFacts[] = [];
  const issue = (each: ReceiptFacts) => Promise.resolve(`receipt ${facts.push(each)}`);
  const asked = { request: { ...REQUEST, ...request }, decision: { ...DECISION, ...decision }, now: 7 };
  const { receipt } = await withReceipt({ issue }, asked);
  expect(receipt).toBe(facts.length > 0 ? 'receipt 1' : undefined);
  return facts;
}

describe('a receipt', () => {
  it('is for what the operation takes of every meter', async () => {
    expect(await signed({ amounts: { tokens: 1200, images: 0 } })).toEqual([
      {
        ...{ operationId: 'op-1', resource: 'ocr', subject: { user: 'u1' }, reason: 'ok', degraded: null },
        ...{ amounts: { units: 1, tokens: 1200 }, at: 7 },
      },
    ]);
  });

  it('is for what is held, and names the reservation', async () => {
    const [facts] = await signed({ amount: 2 }, { replayed: true, reservation: HELD });
    expect(facts).toMatchObject({
      amounts: { units: 2, tokens: 900 },
      reservation: { id: 'id-1', expiresAt: HELD.expiresAt },
    });
  });

  it.each([
    ['a refusal', {}, { allowed: false }],
    ['a look', { amount: 0 }, {}],
    ['a look at all meters', { amount: 0, amounts: { tokens: 0 } }, {}],
    ['a refused reserve', {}, { allowed: false, reservation: null }],
    ['a reservation that was committed', {}, { reservation: { ...HELD, state: 'committed' } }],
    ['a reservation that expired', {}, { reservation: { ...HELD, state: 'expired' } }],
  ])('is not for %s', async (_name, request, decision) => {
    expect(await signed(request, decision)).toEqual([]);
  });

  it('that cannot be made leaves the decision as it is', async () => {
    const issue = () => Promise.resolve(undefined);
    const decision = await withReceipt({ issue }, { request: REQUEST, decision: DECISION, now: 7 });
    expect(decision).toBe(DECISION);
  });
});
