import type { Decision } from '@sundial/contract';
import type { Failure, FailureCause } from '../answers/outcome.js';
import { guarded } from '../events/client-events.js';

export type FallbackPolicy = 'allow' | 'deny';

/** What a fallback function decides by. */
export interface FallbackContext {
  readonly resource: string;
  readonly cause: FailureCause;
  /** Of the last answer, if anything answered. */
  readonly status?: number;
  /** Of its problem body. */
  readonly code?: string;
}

export type Fallback = FallbackPolicy | ((context: FallbackContext) => FallbackPolicy);

/** What decides where no service does: by resource, `default` for all others. */
export class Fallbacks {
  readonly #byResource: ReadonlyMap<string, Fallback>;

  /** @throws TypeError for a value that is neither a policy nor a function. */
  constructor(fallback: Readonly<Record<string, Fallback>>) {
    for (const [resource, value] of Object.entries(fallback)) {
      if (value !== 'allow' && value !== 'deny' && typeof value !== 'function') {
        throw new TypeError(
          `fallback.${resource} must be 'allow', 'deny' or a function, not ${String(value)}.`,
        );
      }
    }
    this.#byResource = new Map(Object.entries(fallback));
  }

  /** A function that throws, or answers neither, allows: the business first. */
  policyOf(resource: string, { cause, status, code }: Failure): FallbackPolicy {
    const fallback = this.#byResource.get(resource) ?? this.#byResource.get('default') ?? 'allow';
    if (typeof fallback !== 'function') return fallback;
    const context = {
      resource,
      cause,
      ...(status !== undefined && { status }),
      ...(code !== undefined && { code }),
    };
    return guarded('The option fallback', () => fallback(context)) === 'deny' ? 'deny' : 'allow';
  }
}

export function fallbackDecision(operationId: string, policy: FallbackPolicy): Decision {
  return {
    allowed: policy === 'allow',
    reason: 'degraded',
    operationId,
    replayed: false,
    wouldDeny: false,
    limits: [],
    degraded: { cause: 'unreachable', policy },
    rulesVersion: 0,
  };
}
