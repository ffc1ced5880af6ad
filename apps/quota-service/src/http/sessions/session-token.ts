import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a browser holds of a session, signed: any node that shares the keys can read it, and only nodes can make one. */
export interface Session {
  /** Random, of this session alone. */
  readonly id: string;
  /** Says which admin key it was begun with, to a node that has the key. */
  readonly key: string;
  /** Epoch milliseconds by the store's clock. */
  readonly begunAt: number;
  readonly seenAt: number;
  /** It was begun on a page that came by HTTPS, and is taken from such cookies only. */
  readonly isSecure: boolean;
}

/** 2026-11: of another layout it would have another number. */
const VERSION = 1;
/** Longer than any that was signed here. */
const MAX_LENGTH = 512;

/** `<payload>.<MAC>`, both base64url. */
export function seal({ id, key, begunAt, seenAt, isSecure }: Session, signing: Buffer): string {
  const fields = [VERSION, id, key, begunAt, seenAt, isSecure ? 1 : 0];
  const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
  return `${payload}.${mac(payload, signing).toString('base64url')}`;
}

/** The session of a token that one of these keys has signed. */
export function unseal(token: string, signing: readonly Buffer[]): Session | undefined {
  const [payload, given] = token.length > MAX_LENGTH ? [] : token.split('.');
  if (payload === undefined || given === undefined) return undefined;
  const presented = Buffer.from(given, 'base64url');
  const isSigned = signing.some((key) => {
    const expected = mac(payload, key);
    return expected.length === presented.length && timingSafeEqual(expected, presented);
  });
  return isSigned ? sessionOf(payload) : undefined;
}

/** What was signed was written by `seal`, of this version or another one. */
function sessionOf(payload: string): Session | undefined {
  const fields = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown[];
  if (fields[0] !== VERSION) return undefined;
  const [, id, key, begunAt, seenAt, isSecure] = fields as [number, string, string, number, number, number];
  return { id, key, begunAt, seenAt, isSecure: isSecure === 1 };
}

function mac(payload: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(payload).digest();
}
