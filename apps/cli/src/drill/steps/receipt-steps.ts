import type { ReceiptCode } from '@sundial/contract';
import { generateKeyPairSync, sign } from 'node:crypto';
import { step, type Step } from './step.js';

/** What `POST /receipts/verify` answers. */
export interface Verdict {
  readonly valid: boolean;
  readonly code?: ReceiptCode;
}

export function accepted(name: string, { valid, code }: Verdict): Step {
  return step(name, valid, valid ? 'valid' : `refused: ${code ?? 'no code'}`);
}

/** @param wanted what it must be refused for. */
export function refused(name: string, { valid, code }: Verdict, wanted: ReceiptCode): Step {
  const seen = valid ? 'accepted' : (code ?? 'no code');
  return step(name, !valid && code === wanted, seen === wanted ? seen : `${seen}, not ${wanted}`);
}

/** There was nothing to verify. */
export function missing(name: string, why: string): Step {
  return step(name, false, why);
}

/** Another content under the old signature. */
export function altered(receipt: string): string {
  const [header = '', payload = '', signature = ''] = receipt.split('.');
  return [header, encoded({ ...parsed(payload), operationId: 'forged' }), signature].join('.');
}

/** The same content, signed with a key that no node has, under the name of a key that one has. */
export function signedByAnother(receipt: string): string {
  const [header = '', payload = ''] = receipt.split('.');
  const content = `${header}.${payload}`;
  const { privateKey } = generateKeyPairSync('ed25519');
  return `${content}.${sign(null, Buffer.from(content), privateKey).toString('base64url')}`;
}

/** The same content, as one that says it needs no signature. */
export function unsigned(receipt: string): string {
  const [header = '', payload = ''] = receipt.split('.');
  return [encoded({ ...parsed(header), alg: 'none' }), payload, ''].join('.');
}

function parsed(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
