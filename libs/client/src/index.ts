export type * from '@sundial/contract';
export { QuotaClient, type QuotaClientOptions } from './quota-client.js';
export { QuotaClientError, type QuotaClientErrorCode } from './quota-client-error.js';
