const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;
/** CRC16 of each byte (XMODEM, as Redis Cluster has it). */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc;
});

/** The slot of keys whose hash tag is this text: letters, digits and punctuation of ASCII, as all of Sundial's are. */
export function slotOfTag(tag: string): number {
  let crc = 0;
  for (let at = 0; at < tag.length; at++) {
    crc = ((crc << 8) & 0xffff) ^ TABLE[((crc >> 8) ^ tag.charCodeAt(at)) & 0xff]!;
  }
  return crc % SLOTS;
}
