import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import { DescribeProblems } from '../openapi/describe.js';
import type { TracedCall } from '@sundial/tracing';
import type { Access, Role } from '../../config/key.js';

/**
 * `checks` wait for their turn. `batches` do too, by themselves, while too many of their checks wait inside. `large-bodies`
 * wait while as many are in hand as this node has memory for. `never` waits and is never shed: what operators need most
 * when a node is overloaded.
 */
export type AdmissionClass = 'checks' | 'batches' | 'large-bodies' | 'never';

export interface LongList {
  /** Shorter bodies are parsed like all others, at once. */
  readonly longerThanBytes: number;
  /** JSON values that longer ones hold at most. */
  readonly maxValues: number;
}

/** What a route allows and costs. Hooks made of it run before the body is read. */
export interface RoutePolicy {
  /** Whose keys open it. */
  readonly access: Access;
  /**
   * Which role an admin key needs. Default: of a route for admin keys `admin`; of one for check keys `operator`, which its
   * admin keys need unless the route only reads.
   */
  readonly role?: Role;
  readonly maxBodyBytes?: number;
  /** Whether and with what its requests wait when there are more than can be answered in time. Default `checks`. */
  readonly admission?: AdmissionClass;
  /** Its body is an object with one long list: how that is parsed a little at a time. */
  readonly longList?: LongList;
  /** Its body is lines of JSON (`application/x-ndjson`). */
  readonly lines?: boolean;
  /** The verb that it is, by whose name a trace has it. */
  readonly verb?: TracedCall['verb'];
  /** Called too often for an access line above the level `debug`. */
  readonly hot?: boolean;
}

/** Where the OpenAPI document says which role of admin keys a route needs. */
const ROLE_EXTENSION = 'x-sundial-role';

/** Which role an admin key needs for a route that is not open. */
export function roleNeeded({ access, role }: Pick<RoutePolicy, 'access' | 'role'>): Role {
  return role ?? (access === 'admin' ? 'admin' : 'operator');
}

/** Declares a route's policy; a route without one is for admin keys only. */
export function Route(policy: RoutePolicy): MethodDecorator {
  if (policy.access === 'open') return RouteConfig(policy);
  return applyDecorators(
    RouteConfig(policy),
    ApiSecurity(`${policy.access}-key`),
    ApiExtension(ROLE_EXTENSION, roleNeeded(policy)),
    DescribeProblems([
      'missing-key',
      'wrong-key',
      'overloaded',
      'shutting-down',
      ...(policy.access === 'admin' ? (['key-not-allowed'] as const) : []),
      ...(roleNeeded(policy) === 'viewer' ? [] : (['role-too-low'] as const)),
    ]),
  );
}
