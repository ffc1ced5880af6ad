/** A library that decides in the process, asked to count one unit of a user. */
export interface Contender {
  /** Says whether its store decided; rejects when it refused, which it never should. */
  decide(user: string): Promise<boolean>;
}

/** What the process of a contender is asked, and what it answers. */
export interface Round {
  readonly durationMs: number;
}

export interface RoundResult {
  readonly perSecond: number;
  /** The share of decisions that the store did not make. */
  readonly degraded: number;
}
