import { crc32 } from 'node:zlib';
import {
  FORMATS,
  HEADER_BYTES,
  MAGICS,
  MAX_PAYLOAD_BYTES,
  type Group,
  type GroupHeader,
} from './log-group.js';

/** What comes next in a segment: a group that is whole, bytes that are none, or a group that its end cuts off. */
export type Scanned =
  | ({ readonly kind: 'group' } & GroupHeader & Group)
  | { readonly kind: 'damaged' | 'torn'; readonly from: number; readonly to: number };

/** Goes through a segment. Behind damage it goes on with the next header whose own checksum fits. */
export function* scan(segment: Buffer): Generator<Scanned> {
  for (let offset = 0; offset < segment.length;) {
    const header = headerAt(segment, offset);
    if (header === undefined) {
      const to = nextHeader(segment, offset + 1);
      const isShort = to === segment.length && isBeginOfHeader(segment.subarray(offset));
      yield { kind: isShort ? 'torn' : 'damaged', from: offset, to };
      offset = to;
      continue;
    }
    const { sequence, sealedAt, format, length, checksum } = header;
    const from = offset + HEADER_BYTES;
    const to = from + length;
    if (to > segment.length) {
      yield* cutOff(segment, offset);
      return;
    }
    const payload = segment.subarray(from, to);
    if (crc32(payload) === checksum) yield { kind: 'group', format, payload, sequence, sealedAt };
    else yield { kind: 'damaged', from: offset, to };
    offset = to;
  }
}

/** A group whose payload ends behind the segment. */
function* cutOff(segment: Buffer, offset: number): Generator<Scanned> {
  const next = nextHeader(segment, offset + 1);
  if (next === segment.length) yield { kind: 'torn', from: offset, to: next };
  else {
    yield { kind: 'damaged', from: offset, to: next };
    for (const found of scan(segment.subarray(next)))
      yield found.kind === 'group' ? found : { ...found, from: found.from + next, to: found.to + next };
  }
}

function headerAt(
  segment: Buffer,
  offset: number,
): (GroupHeader & Pick<Group, 'format'> & { length: number; checksum: number }) | undefined {
  if (offset + HEADER_BYTES > segment.length) return undefined;
  const magic = segment.readUInt32LE(offset);
  const format = FORMATS.find((each) => MAGICS[each] === magic);
  if (format === undefined) return undefined;
  if (crc32(segment.subarray(offset, offset + 28)) !== segment.readUInt32LE(offset + 28)) return undefined;
  const length = segment.readUInt32LE(offset + 4);
  if (length > MAX_PAYLOAD_BYTES) return undefined;
  return {
    format,
    length,
    checksum: segment.readUInt32LE(offset + 8),
    sequence: segment.readDoubleLE(offset + 12),
    sealedAt: segment.readDoubleLE(offset + 20),
  };
}

function nextHeader(segment: Buffer, from: number): number {
  for (let at = from; (at = segment.indexOf(MAGIC_BEGIN, at)) >= 0; at++) {
    if (headerAt(segment, at) !== undefined) return at;
  }
  return segment.length;
}

function isBeginOfHeader(rest: Buffer): boolean {
  const begin = rest.subarray(0, 4);
  const isBegin = (magic: Buffer) => begin.equals(magic.subarray(0, begin.length));
  return rest.length < HEADER_BYTES && MAGIC_BYTES.some(isBegin);
}

const MAGIC_BYTES = FORMATS.map((format) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(MAGICS[format]);
  return bytes;
});
/** What they have in common. */
const MAGIC_BEGIN = MAGIC_BYTES[0]!.subarray(0, 3);
