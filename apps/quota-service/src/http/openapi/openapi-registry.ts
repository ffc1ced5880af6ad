import { Injectable } from '@nestjs/common';
import { problemSchema } from '../problems/problem.schema.js';
import type { NamedSchema, Operation } from './describe.js';

/**
 * What the OpenAPI document is made of beside the routes. Each feature's module adds the operations of its controllers,
 * and with them the schemas that they name; the document knows no feature.
 */
@Injectable()
export class OpenApiRegistry {
  readonly #schemas = new Map<string, object>([['Problem', problemSchema]]);

  /** @throws Error where two schemas have one name: generated clients would have one type for both. */
  add(operations: readonly Operation[]): void {
    for (const schema of operations.flatMap(schemasOf)) this.#add(schema);
  }

  get schemas(): Readonly<Record<string, object>> {
    return Object.fromEntries(this.#schemas);
  }

  #add({ name, schema }: NamedSchema): void {
    const known = this.#schemas.get(name);
    if (known !== undefined && known !== schema)
      throw new Error(
        `Two schemas of the OpenAPI document are named ${name}: give one of them another name.`,
      );
    this.#schemas.set(name, schema);
  }
}

function schemasOf({ body, answers }: Operation): NamedSchema[] {
  const answered = Object.values(answers).flatMap(({ schema }) => schema ?? []);
  return body === undefined ? answered : [body.schema, ...answered];
}
