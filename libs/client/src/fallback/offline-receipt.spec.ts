import { describe, expect, it } from '@jest/globals';
import { verifyReceipt } from '@sundial/receipts';
import { QuotaClient } from '../quota-client.js';

const NOWHERE = 'http://127.0.0.1:9';
const REQUEST = {
  resource: 'ocr',
  subject: { user: 'ü1' },
  amounts: { tokens: 5 },
  operationId: 'op 1',
  receipt: true,
};

async function asked<T>(
  ask: (quota: QuotaClient) => Promise<T>,
  fallback: 'allow' | 'deny' = 'allow',
): Promise<T> {
  const quota = new QuotaClient({ url: NOWHERE, fallback: { default: fallback } });
  try {
    return await ask(quota);
  } finally {
    await quota.close({ timeoutMs: 0 });
  }
}

const verdict = (receipt: unknown, isOpen: boolean, now = Date.now()) =>
  verifyReceipt(receipt, { resource: 'ocr', jwks: { keys: [] }, isOpen: () => isOpen, now });

describe('a pass that a client makes where no service answers', () => {
  it('is refused as such, and accepted while the gate is open', async () => {
    const { receipt } = await asked((quota) => quota.check(REQUEST));
    expect(await verdict(receipt, false)).toEqual({ valid: false, code: 'issued-offline' });
    expect(await verdict(receipt, true)).toMatchObject({
      valid: true,
      claims: {
        ...{
          operationId: 'op 1',
          resource: 'ocr',
          subject: { user: 'ü1' },
          amounts: { units: 1, tokens: 5 },
        },
        ...{ offline: true, degraded: { cause: 'unreachable', policy: 'allow' } },
      },
    });
    expect(await verdict(receipt, true, Date.now() + 631_000)).toEqual({ valid: false, code: 'expired' });
  });

  it('ends with the reservation', async () => {
    const { receipt } = await asked((quota) => quota.reserve({ ...REQUEST, ttlMs: 30_000 }));
    expect((await verdict(receipt, true)).valid).toBe(true);
    expect(await verdict(receipt, true, Date.now() + 61_000)).toEqual({ valid: false, code: 'expired' });
  });

  it('is made for each check of a batch that asks for one', async () => {
    const { receipt: _asked, ...without } = REQUEST;
    const decisions = await asked((quota) =>
      quota.checkBatch([REQUEST, { ...without, operationId: 'op 2' }]),
    );
    expect(decisions.map((decision) => 'receipt' in decision)).toEqual([true, false]);
  });

  it('is not made for a refusal, nor for a look', async () => {
    expect(await asked((quota) => quota.check(REQUEST), 'deny')).not.toHaveProperty('receipt');
    const look = { ...REQUEST, amount: 0, amounts: { tokens: 0 } };
    expect(await asked((quota) => quota.check(look))).not.toHaveProperty('receipt');
  });

  it.each([
    [{ receipt: 'yes' as never }, 'must be true or false'],
    [
      { subject: { user: 'u'.repeat(256), a: 'ü'.repeat(256), b: 'ü'.repeat(256), c: 'ü'.repeat(256) } },
      'at most 1536',
    ],
  ])('is not made where the service would refuse the request: %p', async (part, message) => {
    const check = asked((quota) => quota.check({ ...REQUEST, ...part }));
    await expect(check).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(message),
    });
  });
});
