import type { Secret } from '../operations/secret.js';

const TWO_32 = 2 ** 32;
const TWO_16 = 2 ** 16;

/** Numbers from 0 to below 1, each as good as random, and neither says anything about the other. */
export interface OperationShare {
  readonly share: number;
  readonly spread: number;
}

/**
 * Where an operation stands among all that meet a control. It is the same on every node that knows the secret and at every
 * repetition, and no caller can choose an id by it.
 */
export function operationShare(secret: Secret, control: string, operationId: string): OperationShare {
  const digest = secret.digest(`${control.length} ${control} ${operationId}`, 'binary');
  const byte = (at: number) => digest.charCodeAt(at);
  const share = (byte(0) * 2 ** 24 + byte(1) * 2 ** 16 + byte(2) * 2 ** 8 + byte(3)) / TWO_32;
  return { share, spread: (byte(4) * 2 ** 8 + byte(5)) / TWO_16 };
}
