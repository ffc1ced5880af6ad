import type { OverriddenLimit, OverrideInput, Pack, PackInput, Subject } from '@sundial/contract';
import type { Answer } from '../history.js';

/** What an operator asks of one node. */
export type AdminWrite =
  | { readonly verb: 'add-pack'; readonly body: PackInput }
  | {
      readonly verb: 'cancel-pack';
      readonly id: string;
      readonly resource: string;
      readonly subject: Subject;
    }
  | { readonly verb: 'set-override'; readonly body: OverrideInput }
  | { readonly verb: 'remove-override'; readonly rule: string; readonly subject: Subject };

/** The same as a load plans it: ends are counted from when it is sent, and a pack is named by what adds it. */
export type PlannedWrite =
  | { readonly verb: 'add-pack'; readonly body: PackInput; readonly expiresInMs?: number }
  | { readonly verb: 'cancel-pack'; readonly added: PackInput }
  | {
      readonly verb: 'set-override';
      readonly resource: string;
      readonly body: OverrideInput;
      readonly validForMs?: number;
    }
  | {
      readonly verb: 'remove-override';
      readonly resource: string;
      readonly rule: string;
      readonly subject: Subject;
    };

/** `pack`: the one that was added or cancelled. */
export type WriteAnswer =
  | { readonly kind: 'done'; readonly pack?: Pack | undefined }
  | Extract<Answer, { readonly kind: 'failed' | 'unanswered' }>;

/** A write, asked of one node, as its operator saw it. Times are of the monotonic clock. */
export interface Written {
  readonly write: AdminWrite;
  readonly node: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly answer: WriteAnswer;
}

/** An HTTP request for it. */
export function requestOfWrite(write: AdminWrite): {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
} {
  switch (write.verb) {
    case 'add-pack':
      return { method: 'POST', path: '/admin/packs', body: write.body };
    case 'cancel-pack': {
      const query = new URLSearchParams({ resource: write.resource, ...write.subject });
      return { method: 'DELETE', path: `/admin/packs/${write.id}?${query}` };
    }
    case 'set-override':
      return { method: 'PUT', path: '/admin/overrides', body: write.body };
    case 'remove-override': {
      const query = new URLSearchParams({ rule: write.rule, ...write.subject });
      return { method: 'DELETE', path: `/admin/overrides?${query}` };
    }
    default:
      return write satisfies never;
  }
}

/** A 200 to it. */
export function writeAnswered({ verb }: AdminWrite, body: unknown): WriteAnswer {
  return { kind: 'done', ...(verb.endsWith('-pack') && { pack: (body as { readonly pack: Pack }).pack }) };
}

/** It is in force, or there was nothing to remove: another try changes nothing. */
export function isKnown({ answer }: Written): boolean {
  return answer.kind === 'done' || (answer.kind === 'failed' && answer.status < 500);
}

/** Two names of a limit are the same. */
export function isOverridden(
  { window, meter = 'units' }: OverriddenLimit,
  limit: { readonly window: unknown; readonly meter?: string },
): boolean {
  return JSON.stringify(window) === JSON.stringify(limit.window) && meter === (limit.meter ?? 'units');
}
