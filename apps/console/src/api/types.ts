import type { components } from './schema.gen.d.ts';

/** The schemas of the OpenAPI document, from which these types are generated. */
export type Schemas = components['schemas'];
export type Rule = Schemas['Rule'];
export type LimitState = Schemas['Limit'];
export type Role = Schemas['Role'];
export type Subject = Readonly<Record<string, string>>;
export type LedgerEvent = Schemas['LedgerEvent'] & Readonly<Record<string, unknown>>;
