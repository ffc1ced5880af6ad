import type { HostPort } from '@sundial/redis';

/** `host:6379,[::1]:6380` as hosts and ports; undefined when any part is none. */
export function parseHostPorts(text: string): HostPort[] | undefined {
  const pairs = text
    .split(',')
    .map((part) => /^\s*(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})\s*$/.exec(part));
  const nodes: HostPort[] = [];
  for (const pair of pairs) {
    const port = Number(pair?.[3]);
    const host = pair?.[1] ?? pair?.[2];
    if (host === undefined || port < 1 || port > 65_535) return undefined;
    nodes.push({ host, port });
  }
  return nodes;
}
