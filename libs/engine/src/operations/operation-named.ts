/** What a store's name of an operation tells of it (`OperationIds`). */
export interface OperationNamed {
  /** The caller's id. Of one that a server made all but its tag, so the id begins with it. Undefined: of a sum of operations. */
  readonly operationId: string | undefined;
  /** The name of its scope; of an id that a server made it is not known. */
  readonly scope?: string;
}

const CALLERS = /^([A-Za-z0-9_-]{22}) \S+ (.+)$/s;
const SERVERS = /^[A-Za-z0-9_-]{12}\.[0-9a-z]{1,11}$/;
/** Of an id that a server made: the separator and the tag that only its callers know. */
const TAG = /^([A-Za-z0-9_-]{12}\.[0-9a-z]{1,11})\.[A-Za-z0-9_-]{12}$/;

export function operationNamed(id: string): OperationNamed {
  const [, scope, operationId] = CALLERS.exec(id) ?? [];
  if (scope !== undefined) return { operationId, scope };
  return { operationId: SERVERS.test(id) ? id : undefined };
}

/** An id that looks as if a server had made it, without its tag; undefined for any other. */
export function withoutTag(operationId: string): string | undefined {
  return TAG.exec(operationId)?.[1];
}
