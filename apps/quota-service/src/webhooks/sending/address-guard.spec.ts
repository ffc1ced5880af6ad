import { describe, expect, it } from '@jest/globals';
import { AddressGuard, parseRanges, RefusedAddressError } from './address-guard.js';

const guard = new AddressGuard();
const resolvingTo = (...addresses: string[]) =>
  new AddressGuard([], () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
  );

describe('the address of a webhook', () => {
  it.each([
    ['unspecified', '0.0.0.0'],
    ['of this network', '0.1.2.3'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['shared (CGNAT)', '100.64.0.1'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local', '169.254.0.1'],
    ['the metadata of clouds', '169.254.169.254'],
    ['protocol assignments', '192.0.0.8'],
    ['documentation', '192.0.2.1'],
    ['documentation', '203.0.113.5'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fd12:3456::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped private', '::ffff:a00:1'],
    ['compatible loopback', '::127.0.0.1'],
    ['NAT64 of private', '64:ff9b::10.0.0.1'],
    ['NAT64 of loopback', '64:ff9b::7f00:1'],
    ['NAT64 of metadata', '64:ff9b::a9fe:a9fe'],
    ['NAT64 of a network', '64:ff9b:1::a00:1'],
    ['6to4 of private', '2002:a00:1::'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['discard', '100::1'],
    ['not routed', '4000::1'],
    ['a segment (SRv6)', '5f00::1'],
  ])('is refused where it is %s: %s', async (_what, address) => {
    await expect(guard.addressesOf(address)).rejects.toThrow(RefusedAddressError);
    await expect(resolvingTo(address).addressesOf('hooks.example.org')).rejects.toThrow(RefusedAddressError);
  });

  it.each([
    '93.184.216.34',
    '2606:2800:220:1:248:1893:25c8:1946',
    '64:ff9b::5db8:d822',
    '::ffff:93.184.216.34',
  ])('may be %s', async (address) => {
    const [first] = await resolvingTo(address).addressesOf('hooks.example.org');
    expect(first!.address).toBe(address);
  });

  it('is refused where one address of its name is, and where it has none', async () => {
    await expect(resolvingTo('93.184.216.34', '10.0.0.1').addressesOf('x')).rejects.toThrow('not public');
    await expect(resolvingTo().addressesOf('x')).rejects.toThrow('no address');
  });

  it('may be what the operator allows, also in an IPv4-mapped form, and nothing beside it', async () => {
    const allowing = new AddressGuard(parseRanges('10.1.0.0/16, 127.0.0.1,fd00::/8'));
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.1', 'fd00::1'])
      expect(await allowing.addressesOf(address, { isPlain: true })).toHaveLength(1);
    for (const address of ['10.2.0.1', '127.0.0.2', 'fc00::1'])
      await expect(allowing.addressesOf(address)).rejects.toThrow(RefusedAddressError);
  });

  it('is called without TLS only where the operator allows the address', async () => {
    await expect(guard.addressesOf('93.184.216.34', { isPlain: true })).rejects.toThrow('use https://');
  });

  it.each(['10.0.0.0/33', 'example.org', '', '10.0.0.0/8,'])('is not allowed by %j', (text) => {
    expect(() => parseRanges(text)).toThrow(TypeError);
  });
});
