import { isDeepStrictEqual } from 'node:util';
import type { NamedSchema } from './describe.js';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schemas that validate and serialise, as generators of clients need them (each of these made a client wrong):
 * - A part with a `title` stands once, under that name, and is referred to. Inlined parts come out as classes with
 *   numbers for names, another one for each place.
 * - `default` is a sentence of the description. Generators take a field with a default for one that is always there.
 * - Objects with names of a pattern are `additionalProperties` with `propertyNames`. Few generators know
 *   `patternProperties`, and make an object without fields of it.
 * @throws Error where two schemas have one name: generated clients would have one type for both.
 */
export function publishedSchemas(named: Iterable<NamedSchema>): Record<string, Schema> {
  const publisher = new Publisher();
  for (const { name, schema } of named) publisher.publish(name, schema as Schema);
  return Object.fromEntries(publisher.published);
}

class Publisher {
  readonly published = new Map<string, Schema>();

  publish(name: string, schema: Schema): void {
    const body = this.#body(schema);
    const known = this.published.get(name);
    if (known !== undefined && !isDeepStrictEqual(known, body)) {
      throw new Error(
        `Two schemas of the OpenAPI document are named ${name}: give one of them another name.`,
      );
    }
    this.published.set(name, body);
  }

  /** In its place inside another one. */
  #part(schema: Schema): Schema {
    const { title } = schema;
    if (typeof title !== 'string') return this.#body(schema);
    const { isNullable, type } = withoutNull(schema.type);
    this.publish(title, { ...schema, ...(type !== undefined && { type }) });
    const reference = { $ref: `#/components/schemas/${title}` };
    return isNullable ? { anyOf: [reference, { type: 'null' }] } : reference;
  }

  #body({ title: _title, default: byDefault, patternProperties, ...schema }: Schema): Schema {
    const parts = Object.entries(schema).map(([keyword, value]) => [keyword, this.#keyword(keyword, value)]);
    return {
      ...(Object.fromEntries(parts) as Schema),
      ...(byDefault !== undefined && { description: described(schema.description, byDefault) }),
      ...(patternProperties !== undefined &&
        this.#names(patternProperties as Readonly<Record<string, Schema>>)),
    };
  }

  #keyword(keyword: string, value: unknown): unknown {
    switch (keyword) {
      case 'properties': {
        const fields = Object.entries(value as Readonly<Record<string, Schema>>);
        return Object.fromEntries(fields.map(([name, field]) => [name, this.#part(field)]));
      }
      case 'anyOf':
        return (value as readonly Schema[]).map((one) => this.#part(one));
      case 'items':
      case 'additionalProperties':
        return typeof value === 'object' ? this.#part(value as Schema) : value;
      default:
        return value;
    }
  }

  #names(patterns: Readonly<Record<string, Schema>>): Schema {
    const [[pattern, schema] = [], ...others] = Object.entries(patterns);
    if (schema === undefined || others.length > 0)
      throw new Error('A published object has one pattern of names.');
    return { propertyNames: { pattern }, additionalProperties: this.#part(schema) };
  }
}

function withoutNull(type: unknown): { isNullable: boolean; type: unknown } {
  if (!Array.isArray(type) || !type.includes('null')) return { isNullable: false, type };
  const rest = type.filter((one) => one !== 'null');
  return { isNullable: true, type: rest.length === 1 ? rest[0] : rest };
}

function described(description: unknown, byDefault: unknown): string {
  const sentence = `Default: \`${JSON.stringify(byDefault)}\`.`;
  return typeof description === 'string' ? `${description} ${sentence}` : sentence;
}
