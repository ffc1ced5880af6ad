import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';

/** `EdDSA` is Ed25519 here. */
export type ReceiptAlgorithm = 'EdDSA' | 'ES256';

/** A public key as a JWKS lists it. */
export interface ReceiptJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  /** Of an elliptic curve with two coordinates. */
  readonly y?: string;
  readonly kid: string;
  readonly alg: ReceiptAlgorithm;
  readonly use: 'sig';
}

/** A key that receipts are verified with. */
export interface ReceiptKey {
  /** Its thumbprint (RFC 7638): a key cannot go by the name of another one. */
  readonly kid: string;
  readonly algorithm: ReceiptAlgorithm;
  readonly publicKey: KeyObject;
  readonly jwk: ReceiptJwk;
}

/** A key that signs, too. */
export interface SigningKey extends ReceiptKey {
  readonly privateKey: KeyObject;
}

const ALGORITHMS: Readonly<Record<string, ReceiptAlgorithm>> = { Ed25519: 'EdDSA', 'P-256': 'ES256' };
/** What a thumbprint looks like. */
export const KID_PATTERN = /^[A-Za-z0-9_-]{43}$/;

export function generateSigningKey(): SigningKey {
  return signing(generateKeyPairSync('ed25519').privateKey);
}

/** As a file keeps it. */
export function pemOf({ privateKey }: SigningKey): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Reads a private key (PEM or JWK), of Ed25519 or P-256. @throws Error that says what is wrong, without a word of the text.
 */
export function readSigningKey(text: string): SigningKey {
  return signing(parsed(text, () => privateFrom(text)));
}

/** The same of a public key, or of the public half of a private one. */
export function readReceiptKey(text: string): ReceiptKey {
  return verifying(parsed(text, () => publicFrom(text)));
}

/** A key of a JWKS; undefined for one that is not ours: of another kind or use, or under a name that is not its thumbprint. */
export function keyFromJwk(jwk: unknown): ReceiptKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, crv, x, y, kid, alg, use } = jwk as Readonly<Record<string, unknown>>;
  try {
    const key = verifying(createPublicKey({ key: { kty, crv, x, y } as never, format: 'jwk' }));
    const isOurs = key.kid === kid && alg === key.algorithm && use === 'sig';
    return isOurs ? key : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string, read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnfitKeyError) throw error;
    const isPem = text.includes('-----BEGIN');
    throw new UnfitKeyError(`is no ${isPem ? 'usable PEM' : 'PEM and no JWK'} of such a key`);
  }
}

/** What is wrong with a key that was given. */
export class UnfitKeyError extends Error {
  override readonly name = 'UnfitKeyError';
}

function privateFrom(text: string): KeyObject {
  if (!text.includes('-----BEGIN'))
    return createPrivateKey({ key: JSON.parse(text) as never, format: 'jwk' });
  if (!text.includes('PRIVATE KEY-----')) throw new UnfitKeyError('is a public key, and cannot sign');
  return createPrivateKey(text);
}

function publicFrom(text: string): KeyObject {
  if (text.includes('-----BEGIN')) return createPublicKey(text);
  return createPublicKey({ key: JSON.parse(text) as never, format: 'jwk' });
}

function signing(privateKey: KeyObject): SigningKey {
  return { ...verifying(createPublicKey(privateKey)), privateKey };
}

function verifying(publicKey: KeyObject): ReceiptKey {
  const { kty = '', crv = '', x = '', y } = publicKey.export({ format: 'jwk' });
  const algorithm = ALGORITHMS[crv];
  if (algorithm === undefined) {
    const kind = publicKey.asymmetricKeyType ?? 'unknown';
    throw new UnfitKeyError(`is of type ${kind}: receipts take Ed25519 and P-256`);
  }
  const members = { crv, kty, x, ...(y !== undefined && { y }) };
  const kid = hash('sha256', JSON.stringify(members), 'base64url');
  return { kid, algorithm, publicKey, jwk: { ...members, kid, alg: algorithm, use: 'sig' } };
}
