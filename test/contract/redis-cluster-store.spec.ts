import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import { StoreError, type CounterRef } from '@sundial/engine/ports';
import { counterKey } from '../../libs/engine/src/counters/counter-key.js';
import type { RedisCluster } from '../support/redis-cluster.js';
import { type StoreUnderTest, clusterStoreUnderTest } from './store-under-test.js';
import { aRule } from './rules.js';
import { ending, held, reserved, reserving, settlingHold } from './hold-requests.js';
import { add, pack, refunding } from './pack-requests.js';
import { total } from './store-holds-windows.contract.js';
import {
  counter,
  daily,
  GROUPS,
  hourly,
  MAX_AMOUNT,
  MINUTE_MS,
  NOON,
  operation,
  settling,
  taking,
  used,
} from './store-requests.js';

describe('RedisStore on a Cluster of three', () => {
  let underTest: StoreUnderTest & { readonly cluster: RedisCluster };
  let cluster: RedisCluster;
  let store: Store;
  beforeAll(async () => {
    underTest = await clusterStoreUnderTest();
    cluster = underTest.cluster;
  }, 30_000);
  beforeEach(async () => {
    await underTest.empty();
    store = await underTest.at(NOON);
  });
  afterAll(() => underTest.close());

  const counters = GROUPS.map((group) => counter([daily(10), hourly(3)], { group }));
  const [first, second, third] = counters;

  it('has the groups of these tests on three masters', async () => {
    const nodes = await Promise.all(counters.map(({ key }) => cluster.nodeOfKey(key)));
    expect(new Set(nodes).size).toBe(3);
  });

  it('keeps the counters of rules per user, and per user and grade, in one slot, whatever the subject is', async () => {
    for (const user of ['u1', 'u2', '{}', 'a}b', '}{', '{a', '\ud800', '🦊'.repeat(256), '\n']) {
      const keys = [['user'], ['user', 'grade'], ['user', 'city', 'grade']].map(
        (per, i) => counterKey(aRule({ id: `rule-${i}`, per }), { user, grade: '3', city: 'c' }).key,
      );
      const slots = await Promise.all(keys.map((key) => cluster.nodes[0]!.cli('CLUSTER', 'KEYSLOT', key)));
      expect(new Set(slots).size).toBe(1);
    }
  });

  it('takes what an operation still lacks when its first attempt died between two shards', async () => {
    await store.take(taking([first!], { operation: operation('o1') }));
    expect(await store.take(taking(counters, { operation: operation('o1') }))).toEqual({
      outcome: 'taken',
      counts: used(1, 1, 1, 1, 1, 1),
    });
  });

  it('refuses what an operation still lacks where there is no room, and keeps what another attempt took', async () => {
    await store.take(taking([third!], { amount: 3 }));
    await store.take(taking([first!], { operation: operation('o1') }));
    expect(await store.take(taking(counters, { operation: operation('o1') }))).toEqual({
      outcome: 'refused',
      counts: used(1, 1, 0, 0, 3, 3),
    });
  });

  it('says which shard’s packs gave: counters of the others count all of it', async () => {
    const [near, far] = [first!, second!].map(({ key, ...rest }) => ({ ...rest, key: `${key}~zone` })) as [
      CounterRef,
      CounterRef,
    ];
    await add(store, near, pack('p1', { amount: 9 }));
    const wide = { ...far, limits: [daily(10), hourly(9)] };
    const gave = (taken: number) =>
      new Map([[near.shardGroup, [expect.objectContaining({ id: 'p1', taken })]]]);
    const request = reserving([wide, near], { amount: 4 });
    expect(await store.take(request)).toMatchObject({
      counts: held([0, 4], [0, 4], [0, 3], [0, 3]),
      reservation: { packsOfGroups: gave(1) },
    });
    expect(await store.endHold(ending(request, { kind: 'extend', amount: 5 }))).toMatchObject({
      reservation: { packsOfGroups: gave(2) },
    });
    expect(await store.endHold(ending(request, { kind: 'commit' }))).toMatchObject({
      reservation: { packsOfGroups: gave(2) },
    });
    const check = taking([wide, near], { amount: 2 });
    for (const outcome of ['taken', 'replayed'])
      expect(await store.take(check)).toMatchObject({ outcome, packsOfGroups: gave(2) });
  });

  it('ends on all shards what was reserved while an attempt before it was voided on the first of them only', async () => {
    const voided = reserving(counters, { id: 'o1' });
    await reserved(store, voided);
    const onFirst = settlingHold('void', { ...voided, counters: [first!] });
    expect(await store.settle(onFirst)).toEqual({ outcome: 'reversed' });
    const later = await underTest.at(NOON + 1_000);
    const request = reserving(counters, { id: 'o1' });
    const { at, expiresAt } = await reserved(later, request);
    expect(await later.settle(settlingHold('void', voided))).toEqual({ outcome: 'voided' });
    const look = { ...ending(request, { kind: 'look' }), counters: [second!], takenAt: at };
    expect(await later.endHold(look)).toMatchObject({ outcome: 'found', reservation: { at, expiresAt } });
    const commit = { ...ending(request, { kind: 'commit' }), takenAt: at };
    expect(await later.endHold(commit)).toMatchObject({ outcome: 'ended' });
    expect(await later.endHold(commit)).toMatchObject({ outcome: 'ended' });
    expect(await later.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
  });

  it('holds one reservation on all shards where the first attempt at it died between two of them', async () => {
    const begun = await reserved(store, reserving([first!], { id: 'o1' }));
    const later = await underTest.at(NOON + 1_000);
    const request = reserving(counters, { id: 'o1' });
    const reservation = await reserved(later, request);
    expect(reservation).toMatchObject({ at: begun.at, expiresAt: begun.expiresAt });
    const commit = { ...ending(request, { kind: 'commit' }), takenAt: reservation.at };
    expect(await later.endHold(commit)).toMatchObject({ outcome: 'ended' });
    expect(await later.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
  });

  it('leaves to its settlement a commit of what a later shard has released under another instant', async () => {
    const before = reserving([second!, third!], { id: 'o1' });
    await reserved(store, before);
    await store.endHold(ending(before, { kind: 'release' }));
    const later = await underTest.at(NOON + 1_000);
    const { at } = await reserved(later, reserving([first!], { id: 'o1' }));
    const request = reserving(counters, { id: 'o1' });
    const commit = { ...ending(request, { kind: 'commit' }), takenAt: at };
    await expect(later.endHold(commit)).rejects.toMatchObject({
      name: 'StoreError',
      executionStatus: 'unknown',
    });
    const committed = { isDegraded: false, takenAt: at, committed: { units: 1 } };
    await later.settle(settlingHold('commit', request, committed));
    expect(await later.endHold(commit)).toMatchObject({ outcome: 'ended' });
    expect(await later.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
  });

  it('keeps on all shards when the first one says that it was taken, whatever instant its settlement says', async () => {
    const request = reserving(counters, { id: 'o1' });
    const takenAt = NOON - 1_000;
    const lost = { isDegraded: false, isLost: true, takenAt: NOON - 2_000 };
    await store.settle(settlingHold('hold', request, { takenAt }));
    await store.settle(settlingHold('hold', request, lost));
    expect(await store.settle(settlingHold('commit', request, lost))).toMatchObject({ outcome: 'counted' });
    for (const shard of counters) {
      const look = { ...ending(request, { kind: 'look' }), counters: [shard] };
      expect(await store.endHold(look)).toMatchObject({ outcome: 'found', reservation: { at: takenAt } });
    }
  });

  it('places on later shards what a node had decided when the first one says that another attempt took it', async () => {
    const { at } = await reserved(store, reserving([first!], { id: 'o1' }));
    const request = reserving(counters, { id: 'o1' });
    await store.settle(settlingHold('hold', request, { takenAt: at + 1_000 }));
    for (const shard of counters) {
      const look = { ...ending(request, { kind: 'look' }), counters: [shard] };
      expect(await store.endHold(look)).toMatchObject({ outcome: 'found', reservation: { at } });
    }
  });

  it('keeps on all shards what is held under an id that the settled release of an earlier one had freed', async () => {
    const request = reserving(counters, { id: 'o1' });
    const { at } = await reserved(store, request);
    await store.endHold(ending(request, { kind: 'release' }));
    const later = await underTest.at(NOON + 1_000);
    await reserved(later, reserving(counters, { id: 'o1' }));
    const release = settlingHold('release', request, { isDegraded: false, takenAt: at });
    expect(await later.settle(release)).toEqual({ outcome: 'voided' });
    const counts = held([0, 1], [0, 1], [0, 1], [0, 1], [0, 1], [0, 1]);
    expect(await later.read({ counters })).toMatchObject({ counts });
  });

  // The node's replay came after the refund, and the shard that had lost the operation counted it.
  it('counts nothing again on a shard that has lost what the others have refunded', async () => {
    const request = taking(counters, { operation: operation('o1') });
    await store.take(request);
    await (await cluster.nodeOfKey(second!.key)).cli('FLUSHALL');
    expect(await store.refund(refunding(request))).toEqual({ outcome: 'refunded', amounts: { units: 1 } });
    await store.settle(settling('count', request));
    expect(await store.read({ counters })).toMatchObject({ counts: used(0, 0, 0, 0, 0, 0) });
  });

  it('leaves to its settlement a commit that a later shard does not know, or has come to too late', async () => {
    const request = reserving(counters);
    await reserved(store, { ...request, counters: [first!, second!] });
    const unknown = { name: 'StoreError', executionStatus: 'unknown' };
    const commit = ending(request, { kind: 'commit' });
    await expect(store.endHold(commit)).rejects.toMatchObject(unknown);
    const late = ending({ ...request, counters: [first!, second!] }, { kind: 'commit' });
    let asked = 0;
    const deadlineAt = () => NOON + (asked++ === 0 ? MINUTE_MS : -MINUTE_MS);
    await expect(store.endHold({ ...late, deadlineAt })).rejects.toMatchObject(unknown);
    await store.settle(settlingHold('commit', request));
    expect(await store.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
  });

  it('gives back what was taken when a later shard has a wrong-type key', async () => {
    await (await cluster.nodeOfKey(third!.key)).cli('SET', third!.key, 'not ours');
    expect(await store.take(taking(counters))).toEqual({ outcome: 'wrong-type' });
    expect(await store.read({ counters: [first!, second!] })).toMatchObject({ counts: used(0, 0, 0, 0) });
  });

  it('leaves what was taken to the settlement when the deadline has passed meanwhile', async () => {
    await (await cluster.nodeOfKey(third!.key)).cli('SET', third!.key, 'not ours');
    const request = taking(counters);
    const answer = store.take(request);
    Object.assign(request, { deadlineAt: NOON - 1 });
    await expect(answer).rejects.toMatchObject({ name: 'StoreError', executionStatus: 'unknown' });
    await (await cluster.nodeOfKey(third!.key)).cli('DEL', third!.key);
    expect(await store.settle(settling('void', request))).toEqual({ outcome: 'reversed' });
    expect(await store.read({ counters })).toMatchObject({ counts: used(0, 0, 0, 0, 0, 0) });
  });

  it('says that the execution status is unknown when a later shard refuses to write, though that one certainly wrote nothing', async () => {
    const node = await cluster.nodeOfKey(third!.key);
    await node.cli('CONFIG', 'SET', 'maxmemory', '1');
    const request = taking(counters);
    await expect(store.take(request)).rejects.toMatchObject({
      name: 'StoreError',
      executionStatus: 'unknown',
    });
    await expect(store.take(taking([third!]))).rejects.toMatchObject({
      name: 'StoreError',
      executionStatus: 'not-executed',
    });
    await node.cli('CONFIG', 'SET', 'maxmemory', '0');
    expect(await store.settle(settling('void', request))).toEqual({ outcome: 'reversed' });
    expect(await store.read({ counters })).toMatchObject({ counts: used(0, 0, 0, 0, 0, 0) });
  });

  it('takes an extension back where a later shard refuses to write, and commits the same on all of them', async () => {
    const request = reserving(counters, { id: 'job', onExpiry: 'commit' });
    const before = await reserved(store, request);
    const node = await cluster.nodeOfKey(first!.key);
    await node.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    const extend = ending(request, { kind: 'extend', amount: 3, ttlMs: 10 * MINUTE_MS });
    await expect(store.endHold(extend)).rejects.toMatchObject({
      name: 'StoreError',
      executionStatus: 'unknown',
    });
    await node.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    for (const one of counters)
      expect(await store.endHold({ ...extend, counters: [one], ending: { kind: 'look' } })).toMatchObject({
        reservation: before,
      });
    expect(await store.read({ counters })).toMatchObject({
      counts: held([0, 1], [0, 1], [0, 1], [0, 1], [0, 1], [0, 1]),
    });
    // A node died after the first shards of another extension.
    await store.endHold({ ...extend, counters: [second!] });
    expect(await store.endHold(ending(request, { kind: 'commit' }))).toMatchObject({
      reservation: { committed: { units: 1 } },
    });
    expect(await store.read({ counters })).toMatchObject({ counts: used(1, 1, 1, 1, 1, 1) });
  });

  it('returns on no shard what one that refuses to write cannot', async () => {
    const stocks = GROUPS.map((group) => counter([total(10)], { group }));
    await store.take(taking(stocks, { amount: 2 }));
    const node = await cluster.nodeOfKey(third!.key);
    await node.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    const returning = () => ({
      ...{ counters: stocks, operation: operation('seat'), amount: 1, deadlineAt: MAX_AMOUNT },
    });
    await expect(store.giveBack(returning())).rejects.toBeInstanceOf(StoreError);
    await node.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    expect(await store.read({ counters: stocks })).toMatchObject({ counts: used(2, 2, 2) });
    expect(await store.giveBack(returning())).toMatchObject({ outcome: 'returned', counts: used(1, 1, 1) });
  });

  it('says that the execution status is unknown when a later shard is gone, and settles the others all the same', async () => {
    const node = await cluster.nodeOfKey(third!.key);
    await node.kill();
    const request = taking(counters);
    await expect(store.take(request)).rejects.toMatchObject({
      name: 'StoreError',
      executionStatus: 'unknown',
    });
    expect(await store.read({ counters: [first!] })).toMatchObject({ counts: used(1, 1) });
    await expect(store.settle(settling('void', request))).rejects.toBeInstanceOf(StoreError);
    expect(await store.read({ counters: [first!, second!] })).toMatchObject({ counts: used(0, 0, 0, 0) });
  });
});
