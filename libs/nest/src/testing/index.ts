export { FakeQuota, type FakeAnswer, type FakeEnding } from './fake-quota.js';
export { limitState } from './limit-state.js';
