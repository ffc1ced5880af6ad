import { randomBytes } from 'node:crypto';

/** An id that this process made, and which one of them it is. */
export interface OwnId {
  readonly id: string;
  readonly number: number;
}

/** A name that no process has used for anything yet. */
export function makeId(): OwnId {
  const number = made++;
  return { id: idOf(number), number };
}

/** The id with this number. */
export function idOf(number: number): string {
  return PROCESS_NAME + number.toString(36);
}

/** Which one an id is of those that this process made; undefined for any other. */
export function numberOf(id: string): number | undefined {
  if (!id.startsWith(PROCESS_NAME)) return undefined;
  const number = parseInt(id.slice(PROCESS_NAME.length), 36);
  return idOf(number) === id ? number : undefined;
}

/** 72 random bits: with the count behind it, no two tries of any two nodes are called the same. */
const PROCESS_NAME = `${randomBytes(9).toString('base64url')}.`;
let made = 0;
