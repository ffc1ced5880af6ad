import { Injectable } from '@nestjs/common';
import { problemSchema } from '../problems/problem.schema.js';
import type { NamedSchema, Operation } from './describe.js';
import { publishedSchemas } from './published-schemas.js';

/**
 * What the OpenAPI document is made of beside the routes. Each feature's module adds the operations of its controllers,
 * and with them the schemas that they name; the document knows no feature.
 */
@Injectable()
export class OpenApiRegistry {
  readonly #schemas: NamedSchema[] = [{ name: 'Problem', schema: problemSchema }];

  add(operations: readonly Operation[]): void {
    this.#schemas.push(...operations.flatMap(schemasOf));
  }

  /** @throws Error where two schemas have one name. */
  get schemas(): Readonly<Record<string, object>> {
    return publishedSchemas(this.#schemas);
  }
}

function schemasOf({ body, answers, parameters = [] }: Operation): NamedSchema[] {
  return [
    ...(body ? [body.schema] : []),
    ...Object.values(answers).flatMap(({ schema }) => schema ?? []),
    ...parameters.flatMap(({ fields }) => fields ?? []),
  ];
}
