import { ownDaySchema, windowSchema, windowSpecSchema } from '@sundial/contract';

/** A window's two forms, which a serialiser tells apart by `typeof`. */
const WINDOW_BY_TYPE = {
  ...windowSpecSchema,
  type: ['string', 'object'],
  properties: {
    ...windowSpecSchema.properties,
    startsOn: { ...ownDaySchema, type: ['integer', 'string', 'object'] },
  },
} as const;

/**
 * A schema as the serialiser of answers is compiled from it. The published ones have `anyOf` for the two forms of a window,
 * and a serialiser validates its branches at every limit of every answer.
 */
export function serialised<T>(schema: T): T {
  return withWindowsByType(schema) as T;
}

function withWindowsByType(schema: unknown): unknown {
  if (schema === windowSchema) return WINDOW_BY_TYPE;
  if (Array.isArray(schema)) return schema.map(withWindowsByType);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, withWindowsByType(part)]));
}
