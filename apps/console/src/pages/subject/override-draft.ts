import type { LimitState, Schemas, Subject } from '../../api/types.ts';
import { keyOfLimit } from '../../ui/limits.tsx';
import { instantToLocal, localToInstant } from '../../ui/local-time.ts';

type Input = Schemas['OverrideInput'];
export type Way = 'set' | 'add';

/** An override as it is edited. */
export interface Draft {
  /** By limit; one that is not named stays as the rule has it. */
  readonly ways: Readonly<Record<string, { readonly way: Way; readonly value: string }>>;
  readonly from: string;
  readonly until: string;
  readonly reason: string;
}

export function draftOf(override: Schemas['Override'] | undefined): Draft {
  const ways = (override?.limits ?? []).map(({ window, meter = 'units', set, add }) => {
    const way: Draft['ways'][string] =
      add === undefined ? { way: 'set', value: String(set ?? '') } : { way: 'add', value: String(add) };
    return [keyOfLimit({ rule: override!.rule, window, meter }), way] as const;
  });
  const { validFrom, validUntil } = override ?? {};
  return {
    ways: Object.fromEntries(ways),
    ...{ from: instantToLocal(validFrom), until: instantToLocal(validUntil), reason: '' },
  };
}

/** As the service takes it: limits that stay as the rule has them are left out. */
export function inputOf({
  rule,
  subject,
  limits,
  draft: { ways, from, until, reason },
}: {
  readonly rule: string;
  readonly subject: Subject;
  readonly limits: readonly LimitState[];
  readonly draft: Draft;
}): Input {
  const named = limits.flatMap((limit) => {
    const chosen = ways[keyOfLimit(limit)];
    if (!chosen) return [];
    const { window, meter } = limit;
    const value = chosen.value === '' ? null : Number(chosen.value);
    const change = chosen.way === 'set' ? { set: value } : { add: value ?? 0 };
    return [{ window, ...(meter !== 'units' && { meter }), ...change }];
  });
  const [validFrom, validUntil] = [localToInstant(from), localToInstant(until)];
  return {
    ...{ rule, subject, limits: named as Input['limits'] },
    ...(validFrom && { validFrom }),
    ...(validUntil && { validUntil }),
    ...(reason && { reason }),
  };
}
