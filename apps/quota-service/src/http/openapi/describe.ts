import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type ProblemCode, statusOf, titleOf } from '../problems/problem.js';

/** A JSON Schema under the name that the OpenAPI document, and the clients generated from it, give it. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: object;
}

/** Named examples; each is tried against the running service by a test. */
type Examples = Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;

interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly description: string;
  /** Absent where `fields` has some. */
  readonly example?: string;
  readonly optional?: boolean;
  /** Of the query: it is an object, each of whose fields is a parameter of its own. */
  readonly fields?: NamedSchema;
}

interface Answer {
  readonly description: string;
  readonly schema?: NamedSchema;
  /** The media type. Default: JSON. */
  readonly type?: 'text/event-stream';
  readonly examples?: Examples;
  /** Header name → what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the documentation says of a route, as data beside its controller. */
export interface Operation {
  /** What generated clients call it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: { readonly schema: NamedSchema; readonly examples: Examples };
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it may refuse with, beside a missing key (see `Route`). */
  readonly problems?: readonly ProblemCode[];
}

/** Describes a route in OpenAPI. Nothing is guessed from types, so every build tool gives the same document. */
export function Describe({
  id,
  tag,
  summary,
  description,
  parameters,
  body,
  answers,
  problems,
}: Operation): MethodDecorator {
  return applyDecorators(
    ApiTags(tag),
    ApiOperation({ operationId: id, summary, ...(description && { description }) }),
    ...(parameters ?? []).map(parameter),
    ...(body
      ? [ApiBody({ required: true, schema: ref(body.schema.name), examples: { ...body.examples } })]
      : []),
    ...Object.entries(answers).map(([status, answer]) => response(Number(status), answer)),
    DescribeProblems(problems ?? []),
  );
}

/** The refusals of a route, one entry a status. */
export function DescribeProblems(codes: readonly ProblemCode[]): MethodDecorator {
  const statuses = [...new Set(codes.map(statusOf))];
  return applyDecorators(
    ...statuses.map((status) => {
      const titles = codes
        .filter((code) => statusOf(code) === status)
        .map((code) => `\`${code}\`: ${titleOf(code)}.`);
      const content = { 'application/problem+json': { schema: ref('Problem') } };
      return ApiResponse({ status, description: titles.join(' '), content });
    }),
  );
}

function parameter({ in: place, name, description, example, optional, fields }: Parameter): MethodDecorator {
  const described = {
    name,
    description,
    required: !optional,
    ...(fields
      ? { style: 'form' as const, explode: true, schema: ref(fields.name) }
      : { schema: { type: 'string', examples: [example] } }),
  };
  switch (place) {
    case 'path':
      return ApiParam(described);
    case 'query':
      return ApiQuery(described);
    case 'header':
      return ApiHeader(described);
    default:
      return place satisfies never;
  }
}

function response(status: number, answer: Answer): MethodDecorator {
  const { description, schema, type = 'application/json', examples, headers = {} } = answer;
  const described = Object.entries(headers).map(([name, says]) => [
    name,
    { description: says, schema: { type: 'string' } },
  ]);
  return ApiResponse({
    status,
    description,
    headers: Object.fromEntries(described),
    ...(schema && {
      content: { [type]: { schema: ref(schema.name), examples: { ...examples } } },
    }),
  });
}

function ref(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
