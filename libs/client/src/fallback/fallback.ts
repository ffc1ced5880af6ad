import type { Decision } from '@sundial/contract';
import type { Failure, FailureCause } from '../answers/outcome.js';
import { guarded } from '../events/client-events.js';
import type { KnownGate } from './known-gates.js';

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

/** How an operation is decided that no service decides: a gate that an operator set comes before the caller's fallback. */
export interface Verdict {
  readonly policy: FallbackPolicy;
  readonly gate?: KnownGate;
}

export function fallbackDecision(operationId: string, { policy, gate }: Verdict): Decision {
  return {
    allowed: policy === 'allow',
    reason: gate ? `gate-${gate.state}` : 'degraded',
    operationId,
    replayed: false,
    wouldDeny: false,
    limits: [],
    ...(gate && byGate(gate)),
    degraded: { cause: 'unreachable', policy },
    rulesVersion: 0,
  };
}

function byGate({ state, until, onDeny }: KnownGate): Pick<Decision, 'gate' | 'onDeny' | 'retryAfterMs'> {
  const gate = { state, until };
  if (state === 'open') return { gate };
  const retryAfterMs = until === null ? undefined : Math.max(0, Date.parse(until) - Date.now());
  return { gate, ...(retryAfterMs !== undefined && { retryAfterMs }), ...(onDeny && { onDeny }) };
}
