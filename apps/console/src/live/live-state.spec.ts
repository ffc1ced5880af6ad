import { describe, expect, it } from '@jest/globals';
import { NOTHING, SPAN_S, withFrame, withStatus, type LiveFrame, type LiveNode } from './live-state.js';

function node(name: string, rates: Partial<Record<string, number>> = {}, id = name): LiveNode {
  return {
    ...{ id, heardMsAgo: 100, rulesVersion: 1 },
    report: {
      ...{ name, version: '1', startedAt: '2026-11-22T06:29:26.118Z', rulesVersion: 1 },
      store: { kind: 'redis', mode: 'exact', cause: null, pending: 0 },
      load: { eventLoop: 0, inFlight: 0, waiting: 0 },
      perSecond: {
        ...{ allowed: 0, denied: 0, degradedAllowed: 0, degradedDenied: 0, refused: 0, shed: 0 },
        ...rates,
      },
      latencyMs: { p50: rates['p50'] ?? 1, p99: rates['p99'] ?? 2 },
      alarms: { active: 0, shown: [] },
    },
  };
}

function frame(...nodes: LiveNode[]): LiveFrame {
  const at = '2026-11-22T06:29:26.118Z';
  return { at, node: nodes[0]!.id, nodes, nodesReadMsAgo: 0, controls: [], moreControls: 0 };
}

const T = 1_800_000_000_000;

describe('what the wall knows', () => {
  it('adds up the nodes: rates as sums, the slowest p99, and p50 by how much each decides', () => {
    const a = node('a', { allowed: 30, denied: 10, p50: 1, p99: 4 });
    const b = node('b', { allowed: 5, degradedAllowed: 3, degradedDenied: 2, p50: 3, p99: 9 });
    const [point] = withFrame(NOTHING, frame(a, b), T).points;
    expect(point).toMatchObject({ allowed: 35, denied: 10, degraded: 5, p50: 1.4, p99: 9 });
  });

  it('keeps five minutes, however long it is open, with a gap where nothing was heard', () => {
    let state = NOTHING;
    for (let second = 0; second < 2 * SPAN_S; second++)
      state = withFrame(state, frame(node('a')), T + second * 1_000);
    expect(state.points).toHaveLength(SPAN_S);
    for (let turn = 0; turn < 1_000; turn++) {
      state = withStatus(state, 'lost', T + 2 * SPAN_S * 1_000 + turn);
      state = withFrame(state, frame(node('a')), T + 2 * SPAN_S * 1_000 + turn);
    }
    expect(state.points.length).toBeLessThanOrEqual(SPAN_S + 2);
    state = withStatus(withFrame(NOTHING, frame(node('a')), T), 'lost', T + 5_000);
    state = withFrame(state, frame(node('a')), T + 9_000);
    expect(state.points.map(({ allowed }) => allowed)).toEqual([0, null, 0]);
    expect([state.status, state.since]).toEqual(['live', T + 9_000]);
  });

  it('shows a node as gone that is heard of no longer, until it is back under its name, or for ten minutes', () => {
    const both = withFrame(NOTHING, frame(node('a'), node('b')), T);
    const without = withFrame(both, frame(node('a')), T + 3_000);
    expect(without.gone).toEqual([{ id: 'b', name: 'b', heardAt: T + 2_900 }]);
    expect(withFrame(without, frame(node('a')), T + 4_000).gone).toHaveLength(1);
    expect(withFrame(without, frame(node('a'), node('b', {}, 'b2')), T + 5_000).gone).toEqual([]);
    expect(withFrame(without, frame(node('a')), T + 700_000).gone).toEqual([]);
  });
});
