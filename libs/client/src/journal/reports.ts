import { REPORT_OUTCOMES, type ReportOutcome } from '@sundial/contract';
import type { Asked } from '../attempts/exchange.js';
import type { Read } from '../answers/shapes.js';
import type { OperationRecord } from './journal-record.js';

/** `POST /reports`; answered by an outcome for each, in their order. */
export function asReports(records: readonly OperationRecord[]): Asked<readonly ReportOutcome[]> {
  const reports = records.map(({ operation }) => {
    const { operationId, resource, subject, amount, amounts, decidedAt, allowed, policy, attempted } =
      operation;
    return { operationId, resource, subject, amount, amounts, decidedAt, allowed, policy, attempted };
  });
  const read = readOutcomes(records.map(({ operation }) => operation.operationId));
  return { method: 'POST', path: 'reports', body: JSON.stringify({ reports }), read };
}

function readOutcomes(operationIds: readonly string[]): Read<readonly ReportOutcome[]> {
  return (body) => {
    const { results } = (body ?? {}) as { results?: unknown };
    if (!Array.isArray(results) || results.length !== operationIds.length) return undefined;
    const outcomes = results.map((result: unknown, index) => {
      const { operationId, outcome } = (result ?? {}) as Record<string, unknown>;
      return operationId === operationIds[index]
        ? REPORT_OUTCOMES.find((known) => known === outcome)
        : undefined;
    });
    return outcomes.every((outcome) => outcome !== undefined) ? outcomes : undefined;
  };
}
