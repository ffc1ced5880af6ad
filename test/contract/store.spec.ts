import { memoryBooks, redisBooks, clusterBooks } from './books.js';
import { storeContract } from './store.contract.js';

storeContract('MemoryStore', memoryBooks);
storeContract('RedisStore on one server', redisBooks);
storeContract('RedisStore on a Cluster', clusterBooks);
