export { FakeQuota, type FakeAnswer } from './fake-quota.js';
export { limitState } from './limit-state.js';
