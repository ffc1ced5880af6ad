import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/**
 * X.509 certificates of an authority of its own, for servers that a client must trust, or must not. They are written here, byte by
 * byte (RFC 5280, in DER), so that tests need no other program, and keep no key in a file.
 *
 * @typedef {'trusted' | 'self-signed' | 'wrong-host' | 'expired'} CertificateKind
 * @typedef {{ key: string, cert: string }} Credentials PEM.
 */

const DAY_MS = 86_400_000;

/** @param {number} tag @param {...Buffer} parts */
function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  const lengths = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...lengths]), content]);
}

/** @param {...Buffer} parts */
const sequence = (...parts) => der(0x30, ...parts);
/** @param {string} hex */
const oid = (hex) => der(0x06, Buffer.from(hex, 'hex'));
/** @param {string} text */
const utf8 = (text) => der(0x0c, Buffer.from(text));
/** @param {Buffer} bytes */
const bits = (bytes) => der(0x03, Buffer.from([0]), bytes);
/** @param {number} at Epoch milliseconds, before 2050. */
const time = (at) => der(0x17, Buffer.from(`${new Date(at).toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
/** @param {string} name */
const commonName = (name) => sequence(der(0x31, sequence(oid('550403'), utf8(name))));
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const CRITICAL = der(0x01, Buffer.from([255]));

/** @param {string} id @param {Buffer} value @param {...Buffer} flags */
const extension = (id, value, ...flags) => sequence(oid(id), ...flags, der(0x04, value));

/** @typedef {{ name: string, privateKey: import('node:crypto').KeyObject, spki: Buffer, keyId: Buffer }} Party */

/** @param {string} name @returns {Party} */
function party(name) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { name, privateKey, spki, keyId: createHash('sha1').update(spki).digest() };
}

/**
 * @param {Party} subject @param {Party} issuer @param {{ from: number, to: number }} validity @param {Buffer[]} extensions
 * @returns {string} PEM
 */
function certificate(subject, issuer, { from, to }, extensions) {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    commonName(issuer.name),
    sequence(time(from), time(to)),
    commonName(subject.name),
    subject.spki,
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', content, issuer.privateKey);
  const lines = sequence(content, ECDSA_WITH_SHA256, bits(signature))
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN CERTIFICATE-----\n${(lines ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** One authority, and the credentials of servers on 127.0.0.1 and localhost. */
export class Authority {
  #authority = party('Sundial test authority');
  /** PEM; what a client trusts. */
  certificate = certificate(this.#authority, this.#authority, validity(), [
    extension('551d13', sequence(der(0x01, Buffer.from([255]))), CRITICAL),
    extension('551d0f', der(0x03, Buffer.from([2, 0x04])), CRITICAL),
    extension('551d0e', der(0x04, this.#authority.keyId)),
  ]);

  /** @param {CertificateKind} kind @returns {Credentials} */
  credentials(kind) {
    const server = party('sundial');
    const issuer = kind === 'self-signed' ? server : this.#authority;
    const here = [der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1]))];
    const names = kind === 'wrong-host' ? [der(0x82, Buffer.from('elsewhere.invalid'))] : here;
    const cert = certificate(server, issuer, validity(kind === 'expired' ? -2 * DAY_MS : 0), [
      extension('551d11', sequence(...names)),
      extension('551d0e', der(0x04, server.keyId)),
      extension('551d23', sequence(der(0x80, issuer.keyId))),
    ]);
    return { key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
  }
}

/** A day around now. */
function validity(offsetMs = 0) {
  const now = Date.now() + offsetMs;
  return { from: now - DAY_MS, to: now + DAY_MS };
}
