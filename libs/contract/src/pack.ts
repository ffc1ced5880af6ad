import type { Subject } from './request.js';

/** Packs of one subject; those that give nothing any more make room for new ones. */
export const MAX_PACKS = 100;
/** Of a pack's `priority`, and what it is where none is given. */
export const MAX_PACK_PRIORITY = 1_000;
export const DEFAULT_PACK_PRIORITY = 100;
/** What a pack's id is made of. */
export const PACK_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Units that were bought or given. They stand in for the limits of the resource's rules that count by exactly the attributes of
 * `subject`, where those have no room, and no window resets them.
 */
export interface PackInput {
  readonly resource: string;
  readonly subject: Subject;
  /** What the units are. A rule that the pack stands in for counts it. */
  readonly meter?: string;
  /** An integer from 1 to 2^53−1. */
  readonly amount: number;
  /** ISO-8601 with offset. Absent: it does not expire. */
  readonly expiresAt?: string;
  /** 0 to 1,000, default 100: packs with smaller numbers are used first, and of the same number the one that expires first. */
  readonly priority?: number;
  /** Repeating it with the same pack adds nothing, while the subject's packs are remembered. */
  readonly operationId: string;
  readonly reason?: string;
}

/** `used`: nothing is left. Units that come back to an expired or cancelled pack stay in it, and are not used. */
export const PACK_STATES = ['active', 'used', 'expired', 'cancelled'] as const;
export type PackState = (typeof PACK_STATES)[number];

/** A pack as it stands. */
export interface Pack {
  readonly id: string;
  readonly meter: string;
  /** What it began with. */
  readonly amount: number;
  readonly remaining: number;
  readonly priority: number;
  /** Null: it does not expire. Of one that was cancelled: when. */
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly state: PackState;
}

export interface PackAdded {
  readonly pack: Pack;
  /** Its operation id had added it before. */
  readonly replayed: boolean;
}

/** The packs of a subject, in the order in which they are used. */
export interface SubjectPacks {
  readonly resource: string;
  readonly subject: Subject;
  readonly packs: readonly Pack[];
}

/** What a check took from a pack. */
export interface DecisionPack {
  readonly id: string;
  readonly meter: string;
  readonly taken: number;
  /** After it. Absent on a repetition, which says what the operation took and does not ask what is left of the pack now. */
  readonly remaining?: number;
}

/** What a reservation holds of a pack, or has of it in the end. */
export type ReservationPack = Pick<DecisionPack, 'id' | 'meter' | 'taken'>;
