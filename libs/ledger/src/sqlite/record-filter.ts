import type { BlockReader, Place } from '../blocks/block-reader.js';
import type { EventQuery } from '../questions/event-query.js';

/** Whether a record may answer a query, by its bytes: what is read on is few of many. */
export function mayAnswer(record: BlockReader, { operationId, subject, resource }: EventQuery): boolean {
  const { shape } = record;
  if (!shape) return true;
  if (resource !== undefined && shape.resource !== resource) return false;
  if (operationId !== undefined && !(shape.hasOperation && isText(record, record.operation, operationId)))
    return false;
  for (const name in subject) {
    const index = shape.names.indexOf(name);
    if (index < 0 || !isText(record, record.values[index]!, subject[name]!)) return false;
  }
  return true;
}

/** Plain texts only: of any other, one in UTF-8 may be it. */
function isText({ bytes }: BlockReader, { start, end }: Place, text: string): boolean {
  const { length } = text;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return true;
    if (bytes[start + index] !== code || start + index >= end) return false;
  }
  return end - start === length;
}
