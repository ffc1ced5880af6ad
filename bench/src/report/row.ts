import { median } from '../../../test/support/percentile.js';

/** One line of the table: what Sundial did, against whom, and what was asked of it. */
export interface Row {
  readonly measure: string;
  readonly unit: string;
  /** The value of each round. */
  readonly sundial: readonly number[];
  readonly against?: Opponent;
  readonly budget?: Budget;
  /** Where it is a point of a curve of `npm run bench:chart`. */
  readonly point?: { readonly curve: string; readonly x: number };
}

/** An upper bound or a peer, measured in the same rounds. */
interface Opponent {
  readonly name: string;
  readonly rounds: readonly number[];
}

/** Of the ratio to the opponent (times), or of Sundial's own value (in the row's unit). */
export type Budget = { readonly of: 'ratio' | 'value' } & (
  { readonly atLeast: number } | { readonly atMost: number }
);

export interface Outcome {
  readonly value: number;
  readonly opponentValue?: number;
  /** Sundial's median by the opponent's. */
  readonly ratio?: number;
  /** How far beside the budget, as a share of it; 0 when it is met. */
  readonly missedBy?: number;
}

export function outcomeOf({ sundial, against, budget }: Row): Outcome {
  const value = median(sundial);
  const opponentValue = against && median(against.rounds);
  const ratio = opponentValue === undefined ? undefined : value / opponentValue;
  const judged = budget?.of === 'ratio' ? ratio : value;
  return {
    value,
    ...(opponentValue !== undefined && { opponentValue }),
    ...(ratio !== undefined && { ratio }),
    ...(budget && judged !== undefined && { missedBy: missedBy(budget, judged) }),
  };
}

function missedBy(budget: Budget, judged: number): number {
  return 'atLeast' in budget
    ? Math.max(0, (budget.atLeast - judged) / budget.atLeast)
    : Math.max(0, (judged - budget.atMost) / (budget.atMost || 1));
}
