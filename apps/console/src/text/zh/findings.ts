const REPAIR = '请腾出空间或修复磁盘，之后节点会自动补写。';

/** What the service finds about its store and its files, by the codes of `FINDING_SENTENCES`: it says them itself in English. */
export const findings: Readonly<Record<string, string>> = {
  'sentinel-credentials':
    '哨兵不让 Sundial 查询（{{error}}）：请更正 REDIS_SENTINEL_USERNAME 和 REDIS_SENTINEL_PASSWORD。',
  credentials:
    'Redis 不接受用户名和密码（{{error}}）：请在 REDIS_URL 或 REDIS_USERNAME、REDIS_PASSWORD 里更正。',
  'connection-forbidden': 'Redis 不允许此用户做连接所需的操作（{{error}}）：请按 docs/redis.md 授权。',
  'database-number':
    'Redis 没有这个编号的数据库（{{error}}）：请在 REDIS_URL 末尾更正，或在 Redis 配置里提高 databases。',
  certificate:
    '无法与 Redis 建立可信的 TLS 连接（{{error}}）：请把 SUNDIAL_REDIS_CA 设为其颁发机构的证书；只有 Redis 使用 TLS 时才用 rediss:// 或 REDIS_TLS=true。',
  'socket-rights':
    '本进程无权打开 Redis 的套接字（{{error}}）：请授权给它的用户（Redis 配置的 unixsocketperm 和目录的权限）。',
  unreachable: '无法连接 Redis（{{error}}）：请检查它是否在运行、地址是否正确、双方是否都用或都不用 TLS。',
  'not-a-cluster': 'REDIS_CLUSTER_NODES 所写的 Redis 不是集群（{{error}}）：请改写在 REDIS_URL 里。',
  'not-a-sentinel':
    'REDIS_SENTINELS 所写的 Redis 不是哨兵（{{error}}）：请写哨兵的地址（通常是 26379 端口），或用 REDIS_URL。',
  'sentinel-name': '哨兵没有看管这个名字的主节点（{{error}}）：请更正 REDIS_SENTINEL_NAME。',
  'cluster-node': '此 Redis 是集群的一个节点，只存有一部分键：请改写在 REDIS_CLUSTER_NODES 里。',
  version:
    'Redis 的版本是 {{version}}：Sundial 需要 {{least}} 或更新的版本，或 Valkey；更旧的没有 SET … GET 和频道的访问权限。',
  eviction:
    'Redis 可能为腾出空间而丢弃计数（maxmemory-policy {{policy}}），丢弃的用量会被再次允许：请设置 maxmemory-policy noeviction。',
  role: '此 Redis 是从节点：请让 Sundial 连接主节点，或知道主节点的哨兵。',
  persistence: 'Redis 没有追加文件：重启后会忘记已计的用量。请设置 appendonly yes。',
  'info-forbidden':
    'Redis 不让此用户查询状态（{{error}}），因此没有检查版本、淘汰策略、角色和持久化：请允许 INFO，或自行核对（docs/redis.md）。',
  permissions: 'Redis 不允许此用户执行 {{commands}}（{{error}}）：请按 docs/redis.md 授权。',
  'no-script':
    'Redis 不允许此用户执行 {{commands}}（{{error}}）：这个服务无法承载 Sundial（docs/redis.md 列出了可用的）。',
  'writes-on-replica': 'Redis 不接受写入（{{error}}）：请让 Sundial 连接主节点。',
  'writes-need-memory': 'Redis 不接受写入（{{error}}）：内存已满，请提高 maxmemory。',
  'writes-need-disk': 'Redis 不接受写入（{{error}}）：它无法写入磁盘，请腾出空间。',
  'writes-need-replicas':
    'Redis 不接受写入（{{error}}）：跟随的从节点太少，请恢复它们，或降低 min-replicas-to-write。',
  'writes-refused': 'Redis 不接受写入（{{error}}）。',
  'clock-ahead': 'Redis 的时钟比本节点快 {{offset}}：请让双方对时（NTP）。窗口以 Redis 的时钟为准。',
  'clock-behind': 'Redis 的时钟比本节点慢 {{offset}}：请让双方对时（NTP）。窗口以 Redis 的时钟为准。',
  'master-clocks':
    '{{ahead}} 的时钟比 {{behind}} 快 {{offset}}：请让所有主节点对时（NTP），因为检查的期限由它们给出。',
  secret:
    '键 {{key}} 里不是 Sundial 各节点的密钥，因此每个节点各用自己的：在另一节点重复的操作不被识别（会被当作冲突拒绝，或多计一次；不会白送）。请找出改写它的程序，并删除此键：下一个节点会在几秒内写入密钥。',
  capacity:
    '内嵌存储有 {{max}} 个计数器，已无空位（SUNDIAL_MAX_SUBJECTS）：它不认识的主体由规则的降级策略判定，local 策略会拒绝。内存够用时请提高 SUNDIAL_MAX_SUBJECTS（docs/configuration.md），或改用 Redis 计数（REDIS_URL）。',
  'unwritable-counters': `{{directory}} 里的计数器文件无法写入（{{error}}）。其间的计数只在内存里：节点结束就会忘记，调用方会再次得到这些额度。${REPAIR}`,
  'unwritable-journal': `{{directory}} 里的日志簿文件无法写入（{{error}}）。其间没有存储时所作的判定只在内存里：节点结束就会忘记。${REPAIR}`,
  'unwritable-controls': `{{directory}} 里的控制文件无法写入（{{error}}）。闸门、限流和演练都在生效，但没有存储时启动的节点不知道它们。${REPAIR}`,
  'unwritable-rules': `{{directory}} 里的规则文件无法写入（{{error}}）。规则的改动会被拒绝，或不为没有存储时启动的节点所知。${REPAIR}`,
};
