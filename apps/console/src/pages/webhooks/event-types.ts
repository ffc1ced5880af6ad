import type { Schemas } from '../../api/types.ts';

/** What a webhook can ask for. */
export const EVENT_TYPES: readonly Schemas['EventType'][] = [
  ...(['threshold', 'limit-reached', 'pack-exhausted', 'override-expired'] as const),
  ...(['gate-changed', 'alarm-raised', 'alarm-cleared'] as const),
];
