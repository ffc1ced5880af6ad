/** Every sentence about a store, its servers and a node's files, by a code that stays; as `INPUT_SENTENCES` are of an input. */
export const FINDING_SENTENCES = {
  'sentinel-credentials':
    'The sentinels do not let Sundial ask them ({{error}}): correct REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD.',
  credentials:
    'Redis does not accept the user and password ({{error}}): correct them in REDIS_URL, or in REDIS_USERNAME and REDIS_PASSWORD.',
  'connection-forbidden':
    'Redis forbids this user what a connection needs ({{error}}): give it the rights of docs/redis.md.',
  'database-number':
    'Redis has no database of this number ({{error}}): correct it at the end of REDIS_URL, or raise databases in its configuration.',
  certificate:
    'No trusted TLS connection to Redis can be made ({{error}}): set SUNDIAL_REDIS_CA to the certificate of its authority, and use rediss:// or REDIS_TLS=true only where Redis talks TLS.',
  'socket-rights':
    "This process may not open the socket of Redis ({{error}}): let its user do so (unixsocketperm in the configuration of Redis, and the directory's rights).",
  unreachable:
    'Redis cannot be reached ({{error}}): see whether it runs, whether its address is right, and whether both sides talk TLS or neither does.',
  'not-a-cluster':
    'REDIS_CLUSTER_NODES names a Redis that is no Cluster ({{error}}): give it as REDIS_URL instead.',
  'not-a-sentinel':
    'REDIS_SENTINELS names a Redis that is no sentinel ({{error}}): give the sentinels, on port 26379 mostly, or REDIS_URL.',
  'sentinel-name': 'The sentinels watch no master of this name ({{error}}): correct REDIS_SENTINEL_NAME.',
  'cluster-node':
    'This Redis is one node of a Cluster, and holds a part of the keys: name it in REDIS_CLUSTER_NODES instead.',
  version:
    'Redis is {{version}}: Sundial needs {{least}} or newer, or Valkey; older ones lack SET … GET and access rights for channels.',
  eviction:
    'Redis may drop counters to make room (maxmemory-policy {{policy}}), and what is dropped is allowed again: set maxmemory-policy noeviction.',
  role: 'This Redis is a replica: point Sundial to the master, or to the sentinels that know it.',
  persistence:
    'Redis keeps no append-only file: after a restart it has forgotten what was counted. Set appendonly yes.',
  'info-forbidden':
    'Redis does not let this user ask for its state ({{error}}), so version, eviction, role and persistence are not checked: allow INFO, or make sure of them yourself (docs/redis.md).',
  permissions: 'Redis forbids this user {{commands}} ({{error}}): give it the rights of docs/redis.md.',
  'no-script':
    'Redis forbids this user {{commands}} ({{error}}): this service cannot carry Sundial (docs/redis.md lists which can).',
  'writes-on-replica': 'Redis does not take writes ({{error}}): point Sundial to the master.',
  'writes-need-memory': 'Redis does not take writes ({{error}}): its memory is full; raise maxmemory.',
  'writes-need-disk': 'Redis does not take writes ({{error}}): it cannot write to its disk; make room there.',
  'writes-need-replicas':
    'Redis does not take writes ({{error}}): too few replicas follow; bring them back, or lower min-replicas-to-write.',
  'writes-refused': 'Redis does not take writes ({{error}}).',
  'clock-ahead':
    "The clock of Redis is {{offset}} ahead of this node's: synchronise both (NTP). Redis decides the windows.",
  'clock-behind':
    "The clock of Redis is {{offset}} behind this node's: synchronise both (NTP). Redis decides the windows.",
  'master-clocks':
    'The clock of {{ahead}} is {{offset}} ahead of that of {{behind}}: synchronise the clocks of all masters (NTP), since checks are given deadlines by them.',
  secret:
    "The key {{key}} holds something that is no secret of Sundial's nodes, so each node uses one of its own: an operation that is repeated at another node is not known there (it is refused as a conflict, or counted once more; nothing is free). Find what wrote it, and delete the key: the next node leaves its secret there within seconds.",
  capacity:
    "The embedded store has {{max}} counters and no room for more (SUNDIAL_MAX_SUBJECTS): subjects that it does not know are decided by their rules' degrade policies, and policy local refuses them. Raise SUNDIAL_MAX_SUBJECTS where there is memory (docs/configuration.md), or count in Redis (REDIS_URL).",
  'unwritable-counters':
    'The counters cannot be written in {{directory}} ({{error}}). What is counted meanwhile is only in memory: a node that ends forgets it, and callers get that quota again. Make room, or repair the disk: the node then writes all that is missing by itself.',
  'unwritable-journal':
    'The journal cannot be written in {{directory}} ({{error}}). What is decided without the store meanwhile is only in memory: a node that ends forgets it. Make room, or repair the disk: the node then writes all that is missing by itself.',
  'unwritable-controls':
    'The controls cannot be written in {{directory}} ({{error}}). Gates, brakes and drills are in force, and a node that starts without its store does not know them. Make room, or repair the disk: the node then writes all that is missing by itself.',
  'unwritable-rules':
    'The rules cannot be written in {{directory}} ({{error}}). Changes of rules are refused, or are not known to a node that starts without its store. Make room, or repair the disk: the node then writes all that is missing by itself.',
} as const;
