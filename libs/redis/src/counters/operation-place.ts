import { KEY_FORMAT, keyPart } from '@sundial/engine/ports';

/** Where an operation is remembered. */
export interface OperationPlace {
  /** The key of the operation bucket: of all operations whose ids have all but the last character in common. */
  readonly bucket: string;
  /** The last character, which distinguishes them there. */
  readonly last: string;
}

/**
 * The place that remembers an operation; beside the counters of its shard group where there are shards. Callers' ids are
 * `<scope> <resource> <id>` (`operations/operation-ids.ts`), and no other id has spaces.
 */
export function operationPlace(id: string, shardGroup?: string): OperationPlace {
  const slot = shardGroup === undefined ? KEY_FORMAT : `${KEY_FORMAT}:{${shardGroup}}`;
  const scopeEnd = id.indexOf(' ');
  if (scopeEnd < 0) return placeIn(`${slot}:own:`, id);
  const resourceEnd = id.indexOf(' ', scopeEnd + 1);
  const [scope, resource] = [id.slice(0, scopeEnd), id.slice(scopeEnd + 1, resourceEnd)];
  return placeIn(`${slot}:op:${resource}:${scope}:`, id.slice(resourceEnd + 1));
}

function placeIn(space: string, id: string): OperationPlace {
  const plain = keyPart(id);
  return { bucket: space + plain.slice(0, -1), last: plain.slice(-1) };
}
