import type { Operator } from './operator.js';
import type { DrillPlan } from './plan/drill-plan.js';
import type { Scenario } from './report.js';
import { accepted, altered, missing, refused, signedByAnother, unsigned } from './steps/receipt-steps.js';
import type { Step } from './steps/step.js';
import { type Call, decisionOf, isByClient } from './traffic/call.js';

const GENUINE = 'genuine receipt is accepted';
const OFFLINE = 'offline pass is refused';

/**
 * No program gets a free pass by faking an outage: of what a caller may show to the program behind it, only a receipt that a node signed
 * is accepted. `calls` were made while no service answered; `well` was decided by the store.
 */
export async function verifyReceipts(
  operator: Operator,
  { resource, other }: DrillPlan,
  { calls, well }: { readonly calls: readonly Call[]; readonly well: Call },
): Promise<Scenario> {
  const genuine = decisionOf(well)?.receipt;
  const offline = calls
    .filter(isByClient)
    .map((call) => decisionOf(call)?.receipt)
    .find(Boolean);
  const steps: Step[] =
    genuine === undefined
      ? [missing(GENUINE, 'the decision carries no receipt')]
      : [
          accepted(GENUINE, await operator.verify(genuine, resource)),
          refused(
            'altered receipt is refused',
            await operator.verify(altered(genuine), resource),
            'bad-signature',
          ),
          refused(
            'forged receipt is refused',
            await operator.verify(signedByAnother(genuine), resource),
            'bad-signature',
          ),
          refused(
            'unsigned receipt is refused',
            await operator.verify(unsigned(genuine), resource),
            'unsupported-algorithm',
          ),
          refused(
            'receipt of another resource is refused',
            await operator.verify(genuine, other),
            'wrong-resource',
          ),
        ];
  steps.push(
    offline === undefined
      ? missing(OFFLINE, 'no decision of the client carries a pass')
      : refused(OFFLINE, await operator.verify(offline, resource), 'issued-offline'),
  );
  return { scenario: 'receipts', fault: null, calls: 1, steps };
}
