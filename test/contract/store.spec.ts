import { memoryStoreUnderTest, redisStoreUnderTest, clusterStoreUnderTest } from './store-under-test.js';
import { storeContract } from './store.contract.js';

storeContract('MemoryStore', memoryStoreUnderTest);
storeContract('RedisStore on one server', redisStoreUnderTest);
storeContract('RedisStore on a Cluster', clusterStoreUnderTest);
