import { sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { ReceiptFacts } from '@sundial/contract';
import { generateSigningKey, ReceiptSigner, verifyReceipt } from '@sundial/receipts';
import { interleaved } from '../load/interleaved.js';
import type { Row } from '../report/row.js';
import type { Effort, Scenario } from './scenario.js';

const AT_ONCE = 64;
const key = generateSigningKey();
const facts: ReceiptFacts = {
  operationId: '01JD8Z7T5V',
  resource: 'ocr',
  subject: { user: 'user-123456' },
  amounts: { units: 1 },
  reason: 'ok',
  degraded: null,
  at: Date.now(),
};

/** Receipts against the bare signature: what all around it costs. */
export const receipts: Scenario = {
  name: 'receipts',
  budget: 'offline verification ≥ 0.5 × the bare check of an Ed25519 signature',
  async run(effort) {
    return [...(await verified(effort)), ...(await signed(effort))];
  },
};

async function verified(effort: Effort): Promise<readonly Row[]> {
  const receipt = (await new ReceiptSigner(key, { ttlMs: 24 * 3_600_000 }).issue(facts)) ?? '';
  const options = { resource: 'ocr', jwks: { keys: [key.jwk] } };
  const end = receipt.lastIndexOf('.');
  const data = Buffer.from(receipt.slice(0, end));
  const signature = Buffer.from(receipt.slice(end + 1), 'base64url');
  const bare = promisify(verify) as (...args: unknown[]) => Promise<boolean>;
  const ours = async () => (await verifyReceipt(receipt, options)).valid;
  const oneAtATime = await measured(effort, 1, {
    sundial: ours,
    bare: async () => verify(null, data, key.publicKey, signature),
  });
  const together = await measured(effort, AT_ONCE, {
    sundial: ours,
    bare: () => bare(null, data, key.publicKey, signature),
  });
  const budget = { of: 'ratio', atLeast: 0.5 } as const;
  return [
    row('receipts verified, one at a time', oneAtATime, 'crypto.verify', budget),
    row(`receipts verified, ${AT_ONCE} at once`, together, 'crypto.verify in the pool', budget),
  ];
}

async function signed(effort: Effort): Promise<readonly Row[]> {
  const signer = new ReceiptSigner(key);
  const data = Buffer.alloc(400, 'x');
  const bare = promisify(sign) as (...args: unknown[]) => Promise<Buffer>;
  const results = await measured(effort, AT_ONCE, {
    sundial: async () => (await signer.issue(facts)) !== undefined,
    bare: async () => (await bare(null, data, key.privateKey)).length === 64,
  });
  return [row(`receipts signed, ${AT_ONCE} at once`, results, 'crypto.sign in the pool')];
}

type Results = Readonly<Record<'sundial' | 'bare', readonly number[]>>;
type Contenders = Readonly<Record<'sundial' | 'bare', () => Promise<boolean>>>;

/** Calls a second of each, in turn. */
async function measured(
  { rounds, roundMs, warmUpMs }: Effort,
  atOnce: number,
  { sundial, bare }: Contenders,
): Promise<Results> {
  const measures = (durationMs: number) => ({
    sundial: () => rate(sundial, atOnce, durationMs),
    bare: () => rate(bare, atOnce, durationMs),
  });
  await interleaved(1, measures(warmUpMs / 4));
  return interleaved(rounds, measures(roundMs / 4));
}

async function rate(call: () => Promise<boolean>, atOnce: number, durationMs: number): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  const caller = async () => {
    while (performance.now() - startedAt < durationMs) {
      if (!(await call())) throw new Error('A receipt that is valid was refused.');
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return (calls / (performance.now() - startedAt)) * 1_000;
}

function row(measure: string, { sundial, bare }: Results, name: string, budget?: Row['budget']): Row {
  return { measure, unit: 'receipts/s', sundial, against: { name, rounds: bare }, ...(budget && { budget }) };
}
