import { createHmac } from 'node:crypto';

/** Unix seconds at which this attempt was made: what is older than a few minutes is a replay. */
const TIMESTAMP_HEADER = 'sundial-timestamp';
/** `v1=` and the hexadecimal HMAC-SHA256 of timestamp, full stop and body. */
const SIGNATURE_HEADER = 'sundial-signature';

/** Proves to a receiver that shares the secret that this node made the body, and when. */
export function signedHeaders(secret: string, body: string, at: Date): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: `v1=${signature}` };
}
