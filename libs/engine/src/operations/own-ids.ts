import { randomBytes } from 'node:crypto';

/** An id that this process made, and which one of them it is. */
export interface OwnId {
  readonly id: string;
  readonly number: number;
}

/** 72 random bits: with the count behind it, no two tries of any two nodes are called the same. */
export const PROCESS_NAME = randomBytes(9).toString('base64url');

/** A name that no process has used for anything yet. */
export function makeId(): OwnId {
  const number = made++;
  return { id: PREFIX + number.toString(36), number };
}

/** The id with this number, of this process or of another. */
export function idOf(number: number, process = PROCESS_NAME): string {
  return `${process}.${number.toString(36)}`;
}

/** Which one an id is of those that this process made; undefined for any other. */
export function numberOf(id: string): number | undefined {
  if (!id.startsWith(PREFIX)) return undefined;
  const number = parseInt(id.slice(PREFIX.length), 36);
  return idOf(number) === id ? number : undefined;
}

const PREFIX = `${PROCESS_NAME}.`;
let made = 0;
