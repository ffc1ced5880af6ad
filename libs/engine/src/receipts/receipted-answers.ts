import type { CheckRequest, ReceiptIssuer } from '@sundial/contract';
import type { EngineDecision } from '../decisions/counted-limit.js';
import type { Caller, QuotaObserver } from '../runners/observer.js';
import { then, type Answer } from '../stores/answer.js';
import { withReceipt } from './with-receipt.js';

export interface ReceiptedAnswersOptions {
  /** Undefined: answers carry none. */
  readonly issuer: ReceiptIssuer | undefined;
  readonly observer: Pick<QuotaObserver, 'receiptIssued'>;
  /** The store's clock. */
  readonly now: () => number;
}

/** Signs answers when they are decided, and only where it was asked for. */
export class ReceiptedAnswers {
  readonly #options: ReceiptedAnswersOptions;

  constructor(options: ReceiptedAnswersOptions) {
    this.#options = options;
  }

  of<D extends EngineDecision>(
    request: CheckRequest,
    answer: Answer<D>,
    caller: Caller | undefined,
  ): Answer<D> {
    const { issuer, observer, now } = this.#options;
    if (issuer === undefined || request?.receipt !== true) return answer;
    return then(answer, async (decision) => {
      const receipted = await withReceipt(issuer, { request, decision, now: now() });
      if (receipted.receipt !== undefined) observer.receiptIssued?.(request, receipted, caller);
      return receipted;
    });
  }
}
