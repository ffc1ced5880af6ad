import ipaddr from 'ipaddr.js';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

type Address = ReturnType<typeof ipaddr.process>;
type Range = readonly [Address, number];

/** Addresses that are reachable although they are not public: `10.0.0.0/8`, `127.0.0.1/32`, `fd00::/8`. */
export type AllowedRanges = readonly Range[];

/** Everything of IPv6 that is routed on the internet (RFC 4291, IANA). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** @throws TypeError that names the part that is none. */
export function parseRanges(text: string): AllowedRanges {
  return text.split(',').map((part) => {
    const range = part.trim();
    try {
      return ipaddr.parseCIDR(range.includes('/') ? range : `${range}/${isIP(range) === 6 ? 128 : 32}`);
    } catch {
      throw new TypeError(`${JSON.stringify(range)} is no address range such as 10.0.0.0/8 or fd00::/8`);
    }
  });
}

/** An address that is not called, in words that say nothing of what was resolved. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
}

/**
 * Judges where webhooks may connect to. Private, loopback, link-local, shared (CGNAT), unique local, multicast, unspecified and reserved
 * addresses are refused, also inside an IPv4-mapped or NAT64 one, unless a range allows them.
 */
export class AddressGuard {
  constructor(
    private readonly allowed: AllowedRanges = [],
    private readonly resolve: (host: string) => Promise<readonly LookupAddress[]> = (host) =>
      lookup(host, { all: true, verbatim: true }),
  ) {}

  /**
   * The addresses of a host, of which each may be connected to. A name with one address that may not be is refused as a whole.
   * @throws RefusedAddressError
   */
  async addressesOf(host: string, { isPlain = false } = {}): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    const addresses = family === 0 ? await this.resolve(host) : [{ address: host, family }];
    if (addresses.length === 0) throw new RefusedAddressError('the name has no address');
    for (const { address } of addresses) this.#assertAllowed(address, isPlain);
    return addresses;
  }

  #assertAllowed(text: string, isPlain: boolean): void {
    const address = parsed(text);
    if (address !== undefined) {
      if (this.allowed.some((range) => isIn(address, range))) return;
      if (isPublic(address)) {
        if (!isPlain) return;
        throw new RefusedAddressError(
          'http:// goes only to addresses that SUNDIAL_WEBHOOK_ALLOW names: use https://',
        );
      }
    }
    throw new RefusedAddressError('the address is not public: SUNDIAL_WEBHOOK_ALLOW can allow it');
  }
}

/** As the machine would reach it: an IPv4 address inside an IPv6 one is that IPv4 address. */
function parsed(text: string): Address | undefined {
  const [plain = ''] = text.split('%');
  if (isIP(plain) === 0) return undefined;
  const address = ipaddr.process(plain);
  if (address.kind() === 'ipv4' || address.range() !== 'rfc6052') return address;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

function isIn(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || isIn(address, GLOBAL_UNICAST);
}
